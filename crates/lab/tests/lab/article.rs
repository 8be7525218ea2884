//! The article's results, done again in short: each load has its row, and a rate that was not sent is told.

use std::process::{Command, Output};

use lab::compare::results::{Cell, Results};

use super::overhead::without_python;
use super::started::{gone, start};
use super::{binary, eventually};

fn article(arguments: &[&str]) -> Output {
    binary("pushpull-api");
    Command::new(binary("pushpull-lab")).arg("article").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn cell<'r>(results: &'r Results, path: &str, cohort: &str) -> &'r Cell {
    let mut cells = results.runs[0].cells.iter();
    cells.find(|cell| cell.path == path && cell.cohort == cohort).unwrap_or_else(|| panic!("{results:?}"))
}

fn value(cell: &Cell, name: &str) -> f64 {
    cell.figures.get(name).and_then(|figure| figure.value).unwrap_or_else(|| panic!("{name} in {cell:?}"))
}

#[test]
fn a_scenario_by_three_loads_on_both_programs() {
    let output = article(&["--scenario", "high", "--least", "1", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let results: Results = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((results.runs.len(), results.runs[0].cells.len()), (1, 6), "{results:?}");
    for app in ["article-app", "our-api"] {
        let [script, asked, sent] =
            ["script", "open-asked", "open-sent"].map(|load| cell(&results, app, load));
        for cell in [script, asked, sent] {
            assert!(value(cell, "success_ratio") > 0.999, "{cell:?}");
            let [least, p50, most] =
                ["min", "p50", "max"].map(|name| value(cell, &format!("latency_{name}_seconds")));
            // The work is 0.1 to 0.5 s.
            assert!(least >= 0.1 && least < p50 && p50 <= most, "{cell:?}");
            assert!(value(cell, "memory_bytes") > 1e6, "{cell:?}");
        }
        // A batch of 20 takes about 0.48 s, so that 100/s cannot be.
        let rate = value(script, "achieved_rate");
        assert!(rate > 5.0 && rate < 60.0, "{script:?}");
        for cell in [script, asked] {
            assert!((value(cell, "requested_rate") - 100.0).abs() < 1e-9, "{cell:?}");
        }
        assert!((value(sent, "requested_rate") - rate).abs() < 1e-9, "{sent:?}");
        let note = format!("{app}, script: {rate:.1}/s of 100.0/s asked: NOT REACHED");
        assert!(
            results.runs[0].notes.iter().any(|line| line.starts_with(&note)),
            "{:?}",
            results.runs[0].notes
        );
    }
    assert!(results.runs[0].notes[0].contains("1.0 s in place of 180 s"), "{:?}", results.runs[0].notes);
}

#[test]
fn instances_are_scraped_by_prometheus_while_they_are_loaded() {
    let output = article(&["--scenario", "instances", "--count", "2", "--least", "1.5", "--rate", "20"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("instances: [2] at once, 20/s to each, 1.5 s"), "{text}");
    for app in ["article-app, 2", "our-api, 2"] {
        let row = text.lines().find(|line| line.contains(app)).unwrap_or_else(|| panic!("{text}"));
        assert!(row.contains(" 40.0 ") && row.contains("up 1, a scrape "), "{row}");
    }
    assert!(text.contains("  several instances, all scraped, without a loss of speed (our-api)"), "{text}");
}

#[test]
fn a_signal_gives_a_partial_result_and_leaves_nobody() {
    let mut lab = start(&["article", "--scenario", "baseline", "--scale", "1"]);
    lab.wait_for("article/baseline: begins");
    // The app and the script.
    eventually("both processes", || lab.children().len() == 2);
    let children = lab.children();
    lab.signal("-INT");
    assert_eq!(lab.end(), Some(130), "{}", lab.said());
    lab.wait_for("note: stopped by a signal: loads are missing");
    eventually("the children's end", || gone(&children));
}

#[test]
fn without_python_it_is_an_error_that_says_what_installs_it() {
    let output = without_python(&["article"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("pip install -r crates/lab/article/requirements.txt"),
        "{}",
        said(&output)
    );
}
