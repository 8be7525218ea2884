//! The report says what the results say, and reads well: as Markdown, and as a page in a real browser.

mod looked_at;
mod synthetic;
mod told;
mod written;

use std::path::{Path, PathBuf};
use std::process::Command;

use lab::compare::results::Results;
use lab::report;
use lab::report::document::{Document, Table};
use lab::report::source::Source;

use crate::binary;

fn sources() -> Vec<Source> {
    vec![
        Source::of("compare.json", synthetic::compared()),
        Source::of("overhead.json", synthetic::overhead()),
        Source::of("article.json", synthetic::article()),
    ]
}

fn of(results: Results) -> Document {
    report::document(&[Source::of("compare.json", results)])
}

fn table<'a>(document: &'a Document, id: &str) -> &'a Table {
    document.tables().into_iter().find(|table| table.id == id).unwrap_or_else(|| panic!("no table {id}"))
}

/// The command on these results; where it wrote, whether it was content, and what it said.
fn command(arguments: &[&str]) -> (bool, Option<i32>, String) {
    let output = Command::new(binary("pushpull-lab")).arg("report").args(arguments).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), output.status.code(), String::from_utf8(told).unwrap())
}

fn written(folder: &Path) -> Vec<PathBuf> {
    let all = [
        ("compare.json", synthetic::compared()),
        ("overhead.json", synthetic::overhead()),
        ("article.json", synthetic::article()),
    ];
    all.into_iter()
        .map(|(name, results)| {
            let file = folder.join(name);
            results.write(&file).unwrap();
            file
        })
        .collect()
}
