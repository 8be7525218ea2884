//! The report: results files in, a page for readers out, as Markdown with pictures and as one HTML file.
//!
//! Nothing here knows an outcome: each sentence is chosen by rules from figures, and each number is a median
//! over repeats that its table shows with its spread.
//!
//! - [`source`]: the files, their sums, and whether they may be read as one
//! - [`pool`]: all runs as one, a spread for each figure
//! - [`judge`]: which of two ways is better, beyond noise
//! - [`sections`]: what is told, in order; [`document`](mod@document) is what it is made of
//! - [`plots`] are drawn with [`plot`], and [`markdown`] and [`html`] write it all

pub mod document;
pub mod html;
pub mod judge;
pub mod markdown;
pub mod markup;
pub mod plot;
pub mod plots;
pub mod pool;
pub mod sections;
pub mod shown;
pub mod source;
pub mod words;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use self::document::Document;
use self::pool::Pool;
use self::source::Source;

/// What the files are called, below `--out`.
const NAME: &str = "push-versus-pull";
/// Where the pictures are, below `--out`.
const PLOTS: &str = "plots";

/// What to read and where to write.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Files of results (compare, overhead, article), merged; repeats of one scenario make its spread.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The folder for push-versus-pull.md, push-versus-pull.html and plots/.
    #[arg(long, value_name = "DIR", default_value = "docs")]
    pub out: PathBuf,
    /// Where the single HTML file goes instead.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Reads, writes, and says what was written.
///
/// # Errors
///
/// Where a file cannot be read (the message names it and the field), files cannot be merged, or nothing can
/// be written.
pub fn command(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let sources = arguments.files.iter().map(|file| Source::read(file)).collect::<Result<Vec<_>, _>>()?;
    source::mergeable(&sources)?;
    let document = document(&sources);
    let markdown = arguments.out.join(format!("{NAME}.md"));
    let html = arguments.html.clone().unwrap_or_else(|| arguments.out.join(format!("{NAME}.html")));
    let mut written = vec![markdown.clone(), html.clone()];
    for plot in document.plots() {
        let file = arguments.out.join(PLOTS).join(format!("{}.svg", plot.name));
        write(&file, &plot.standalone())?;
        written.push(file);
    }
    write(&markdown, &markdown::page(&document, PLOTS))?;
    write(&html, &html::page(&document, &sources)?)?;
    let mut out = std::io::stdout().lock();
    for file in written {
        writeln!(out, "{}", file.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// All that is told of these files.
pub fn document(sources: &[Source]) -> Document {
    let pool = Pool::of(sources);
    sections::all(&pool, sources)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
