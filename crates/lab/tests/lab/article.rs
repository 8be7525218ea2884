//! The article's results, measured again: its app, its script, its claims.

use std::process::Command;

use serde_json::Value;

use super::binary;
use super::started::{gone, start};

fn cell<'a>(results: &'a Value, path: &str, cohort: &str) -> &'a Value {
    let cells = results["runs"][0]["cells"].as_array().unwrap();
    cells.iter().find(|cell| cell["path"] == path && cell["cohort"] == cohort).unwrap()
}

#[test]
fn the_script_sends_less_than_it_is_asked_for_and_an_open_loop_does_not() {
    binary("pushpull-api");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("article.json");
    let arguments = ["article", "--scenario", "baseline", "--least", "2s", "--scale", "0.0001", "--out"];
    let output = Command::new(binary("pushpull-lab")).args(arguments).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("at 0.0001 of their time"), "{said}");
    let results: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for app in ["article-app", "our-api"] {
        let rate =
            |cohort| cell(&results, app, cohort)["figures"]["achieved_rate"]["value"].as_f64().unwrap();
        // One user, 0.1 to 0.5 s an answer: never ten a second.
        assert!(rate("script") < 8.0, "{app}: {}", rate("script"));
        assert!((rate("open-asked") - 10.0).abs() < 1.0, "{app}: {}", rate("open-asked"));
        let p99 =
            cell(&results, app, "open-asked")["figures"]["latency_p99_seconds"]["value"].as_f64().unwrap();
        assert!(p99 > 0.1, "{app}: {p99}");
    }
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("not measured: several instances"), "{table}");
}

#[test]
fn it_ends_with_a_signal_and_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("article.json");
    let mut lab = start(&["article", "--scale", "1", "--out", file.to_str().unwrap()]);
    super::eventually("an app and its load", || lab.children().len() >= 2);
    let children = lab.children();
    lab.signal("-INT");
    assert_eq!(lab.end(), Some(130), "{}", lab.said());
    super::eventually("the end of all", || gone(&children));
}

#[test]
fn a_missing_python_is_told_with_what_installs_it() {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("pushpull-lab");
    std::fs::copy(binary("pushpull-lab"), &alone).unwrap();
    let output = Command::new(&alone).arg("article").env("PATH", folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no Python has what") && said.contains("`make tools`"), "{said}");
}
