use std::collections::BTreeMap;

use super::super::{Cell, Expected, Figure, Machine, Run};
use super::*;

fn results() -> Results {
    let figure = Figure { value: Some(0.75), n: 24, error: Some(0.05), ..Figure::default() };
    let cell = Cell {
        path: "push-ours".to_owned(),
        cohort: "2s-kill".to_owned(),
        figures: BTreeMap::from([("capture_ratio".to_owned(), figure)]),
    };
    let run = Run {
        scenario: "lifetimes".to_owned(),
        repeat: 1,
        seed: 8,
        began: "2026-01-02T03:04:05Z".to_owned(),
        seconds: 40.0,
        load_average: [0.5, 1.5],
        skipped: None,
        notes: Vec::new(),
        cells: vec![cell],
        lines: Vec::new(),
    };
    Results {
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
        settings: BTreeMap::new(),
        seed: 7,
        runs: vec![run],
    }
}

fn error(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    std::fs::write(&file, text).unwrap();
    let error = format!("{:#}", Results::read(&file).unwrap_err());
    assert!(error.starts_with(&file.display().to_string()), "{error}");
    error
}

#[test]
fn what_is_written_is_read_again_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    std::fs::write(&file, "older").unwrap();
    results().write(&file).unwrap();
    assert_eq!(Results::read(&file).unwrap(), results());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let plain = folder.path().join("plain");
    File::create(&plain).unwrap();
    let mode = |file: &Path| std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode(&file), mode(&plain));
}

#[test]
fn what_json_cannot_hold_is_refused_and_the_older_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    results().write(&file).unwrap();
    let mut wrong = results();
    let figure = wrong.runs[0].cells[0].figures.get_mut("capture_ratio").unwrap();
    figure.expected = Some(Expected { least: 0.0, most: f64::INFINITY });
    let error = format!("{:#}", wrong.write(&file).unwrap_err());
    assert!(error.contains("a.json") && error.contains("could not be read again"), "{error}");
    assert_eq!(Results::read(&file).unwrap(), results());
}

#[test]
fn an_error_names_the_place_and_what_was_expected() {
    let text = serde_json::to_string_pretty(&results()).unwrap();
    for (wrong, part) in [
        (String::new(), "line 1 column 0; expected pushpull-results/1"),
        ("<html>".to_owned(), "line 1 column 1; expected pushpull-results/1"),
        ("[]".to_owned(), "expected pushpull-results/1"),
        ("{}".to_owned(), "has no field `format`, expected \"pushpull-results/1\""),
        (text.replace("results/1", "results/2"), "\"pushpull-results/2\", expected \"pushpull-results/1\""),
        (text[..text.len() / 2].to_owned(), "line "),
        (text.replace("\"repeat\"", "\"other\""), "missing field `repeat` at line "),
        (text.replace("\"n\": 24", "\"n\": \"many\""), "invalid type: string \"many\", expected u64 at line"),
        (
            text.replace("\"repeat\": 1", "\"repeat\": 0"),
            "runs[0] (lifetimes): repeat is 0, expected 1 or more",
        ),
    ] {
        let error = error(&wrong);
        assert!(error.contains(part), "{error}: {part}");
    }
}

#[test]
fn a_run_and_a_cell_are_there_once() {
    let mut twice = results();
    twice.runs.push(twice.runs[0].clone());
    let text = serde_json::to_string(&twice).unwrap();
    assert!(error(&text).contains("runs[1] (lifetimes): a second repeat 1"));
    let mut twice = results();
    let cell = twice.runs[0].cells[0].clone();
    twice.runs[0].cells.push(cell);
    let text = serde_json::to_string(&twice).unwrap();
    assert!(error(&text).contains("cells[1]: a second cell of path `push-ours` and cohort `2s-kill`"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = format!("{:#}", Results::read(Path::new("/nowhere/a.json")).unwrap_err());
    assert!(error.contains("cannot read /nowhere/a.json"), "{error}");
}
