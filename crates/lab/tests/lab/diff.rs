//! `diff` as a process: what it ends with, what it writes, and what it says of files that it cannot read.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use lab::compare::results::{Cell, FORMAT, Figure, Machine, Results, Run};
use serde_json::Value;

use super::binary;

fn write(file: &Path, captured: f64) {
    let figure = Figure { value: Some(captured), n: 24, error: Some(0.02), ..Figure::default() };
    let cell = Cell {
        path: "push-ours".to_owned(),
        cohort: "2s-kill".to_owned(),
        figures: BTreeMap::from([("capture_ratio".to_owned(), figure)]),
    };
    let run = |repeat| Run {
        scenario: "lifetimes".to_owned(),
        repeat,
        seed: 1,
        began: "2026-01-02T03:04:05Z".to_owned(),
        seconds: 40.0,
        load_average: [0.5, 1.5],
        skipped: None,
        notes: Vec::new(),
        cells: vec![cell.clone()],
        lines: Vec::new(),
    };
    let results = Results {
        format: FORMAT.to_owned(),
        command: "compare".to_owned(),
        made: "2026-01-02T03:04:05Z".to_owned(),
        machine: Machine {
            processor: "a".to_owned(),
            cores: 2,
            memory_bytes: 1,
            kernel: "k".to_owned(),
            system: "s".to_owned(),
        },
        versions: BTreeMap::new(),
        settings: BTreeMap::from([("share".to_owned(), captured.to_string())]),
        seed: 7,
        runs: vec![run(1), run(2)],
    };
    results.write(file).unwrap();
}

fn diff(arguments: &[&Path]) -> Output {
    Command::new(binary("pushpull-lab")).arg("diff").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_exit_code_says_whether_something_changed() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.json", "b.json"].map(|name| folder.path().join(name));
    write(&a, 0.5);
    write(&b, 0.9);
    let same = diff(&[&a, &a]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
    assert!(text(&same.stdout).contains("0 of 1 figures changed beyond noise"));
    let other = diff(&[&a, &b]);
    assert_eq!(other.status.code(), Some(1), "{}", text(&other.stderr));
    let said = text(&other.stdout);
    let places: Vec<_> =
        ["settings.share", "Better: 1", "lifetimes push-ours 2s-kill capture_ratio", "0.5000"]
            .iter()
            .map(|part| said.find(part).unwrap_or_else(|| panic!("{part}: {said}")))
            .collect();
    assert!(places.is_sorted(), "{said}");
    assert!(text(&diff(&[&b, &a]).stdout).contains("Worse: 1"));
}

#[test]
fn json_is_one_object_with_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.json", "b.json"].map(|name| folder.path().join(name));
    write(&a, 0.5);
    write(&b, 0.9);
    let output = diff(&[Path::new("--json"), &a, &b]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["format"], &told["compared"]), (&"pushpull-diff/1".into(), &1.into()));
    let change = &told["changed"][0];
    assert_eq!((&change["measure"], &change["verdict"]), (&"capture_ratio".into(), &"better".into()));
    assert_eq!((&change["a"]["median"], &change["b"]["repeats"]), (&0.5.into(), &2.into()));
    assert_eq!(told["context"][0]["what"], "settings.share");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.json");
    write(&good, 0.5);
    let whole = std::fs::read_to_string(&good).unwrap();
    for (name, content, expected) in [
        ("garbage.json", "no results".to_owned(), "line 1 column 2; expected pushpull-results/1"),
        ("newer.json", whole.replace("results/1", "results/9"), "expected \"pushpull-results/1\""),
        ("field.json", whole.replace("\"cores\": 2", "\"cores\": -2"), "expected u32 at line"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        for output in [diff(&[&good, &file]), diff(&[&file, &good])] {
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(name) && said.contains(expected), "{said}");
            assert!(output.stdout.is_empty());
        }
    }
    let missing = diff(&[&good, &folder.path().join("missing.json")]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("missing.json"));
    assert_eq!(diff(&[&good]).status.code(), Some(2));
}
