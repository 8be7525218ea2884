//! `compare` as a command: figures from real processes, an end at any time that leaves nothing, and going on.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::binary;
use super::started::{gone, start};

/// A short scenario and a longer one, both as small as they can be.
const TINY: &[&str] =
    &["compare", "--quick", "--tiny", "--scenario", "burst,gateway-down", "--seed", "7", "--lanes", "2"];

fn run(arguments: &[&str]) -> Output {
    Command::new(binary("pushpull-lab")).args(arguments).output().unwrap()
}

fn peers() -> bool {
    ["prometheus", "prometheus-pushgateway"].iter().all(|name| lab::programs::on_path(name).is_some())
}

fn results(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// A figure of a cell.
fn figure(results: &Value, path: &str, cohort: &str, name: &str) -> Option<f64> {
    let cells = results["runs"][0]["cells"].as_array().unwrap();
    let cell = cells.iter().find(|cell| cell["path"] == path && cell["cohort"] == cohort)?;
    cell["figures"][name]["value"].as_f64()
}

/// Network namespaces of this lab, whose names have its process id.
fn namespaces(lab: u32) -> Vec<String> {
    let entries = std::fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.contains(&format!("-{lab}-"))).collect()
}

#[test]
fn a_run_is_interrupted_without_a_trace_and_gone_on_with_to_its_figures() {
    if !peers() {
        println!("skipped: needs prometheus and prometheus-pushgateway");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("compare.json");
    let shown = file.display().to_string();

    // The shorter of two that run side by side is kept, the other is interrupted in its middle.
    let mut lab = start(&[TINY, &["--out", &shown]].concat());
    lab.wait_for("It will take about ");
    lab.wait_for("burst 1: done");
    let children = lab.children();
    let instances = children.iter().filter(|(_, name)| name.starts_with("pushpull-api")).count();
    assert!(instances > 0, "{children:?}\n{}", lab.said());
    lab.signal("-INT");
    assert_eq!(lab.end(), Some(130), "{}", lab.said());
    assert!(gone(&children), "{children:?}");
    assert_eq!(namespaces(lab.id()), [""; 0]);
    lab.wait_for(&format!("1 of 2 runs are in {shown}"));
    lab.wait_for(&format!("compare --resume {shown}"));
    let kept = results(&file);
    assert_eq!(kept["runs"].as_array().unwrap().len(), 1);

    // An instance that lived on was seen to its last event; one that ended cleanly by its agent's last push.
    for (path, cohort) in [("pull-static", "base"), ("push-ours", "base"), ("push-ours", "burst")] {
        let capture = figure(&kept, path, cohort, "capture_ratio");
        assert!(capture.is_some_and(|share| (0.9..=1.0).contains(&share)), "{path} {capture:?}\n{kept:#}");
    }
    let lost = figure(&kept, "pull-static", "burst", "capture_ratio");
    assert!(lost.is_some_and(|share| (0.3..=1.0).contains(&share)), "{lost:?}\n{kept:#}");

    // With another seed its figures would be of another kind.
    let resume = ["compare", "--resume", &shown];
    let other = run(&[&resume[..], &["--seed", "8"]].concat());
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && said.contains("seed: 7 there, 8 here"), "{said}");

    let mut lab = start(&resume);
    assert_eq!(lab.end(), Some(0), "{}", lab.said());
    let all = results(&file);
    let names: Vec<_> = all["runs"].as_array().unwrap().iter().map(|run| &run["scenario"]).collect();
    assert_eq!(names, ["burst", "gateway-down"]);
    assert_eq!(all["runs"][0], kept["runs"][0]);
}

#[test]
fn missing_peers_are_all_named_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out").join("compare.json");
    // Debian's /usr/sbin is looked into, too: where they are there, nothing can be missing.
    if ["prometheus", "prometheus-pushgateway"].iter().any(|name| Path::new("/usr/sbin").join(name).exists())
    {
        println!("skipped: peers in /usr/sbin");
        return;
    }
    let output = Command::new(binary("pushpull-lab"))
        .args(["compare", "--quick", "--out"])
        .arg(&out)
        .env("PATH", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("apt-get install prometheus prometheus-pushgateway"), "{said}");
    assert!(output.stdout.is_empty() && !out.parent().unwrap().exists(), "{output:?}");
}

#[test]
fn a_scenario_that_is_not_known_is_an_error_and_the_list_has_all_that_are() {
    let unknown = run(&["compare", "--scenario", "stady"]);
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(
        !unknown.status.success() && said.contains("no scenario `stady`: expected some of steady"),
        "{said}"
    );
    let list = run(&["compare", "--list"]);
    let said = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.status.success());
    for scenario in lab::compare::scenario::full().1 {
        assert!(said.contains(scenario.name) && said.contains(scenario.question), "{said}");
    }
}

#[test]
fn results_that_are_there_are_not_replaced_and_a_place_without_room_is_found_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.json");
    std::fs::write(&kept, "27 minutes of figures").unwrap();
    for (out, part) in
        [(kept.as_path(), "is there already: go on with it by --resume"), (folder.path(), "is there already")]
    {
        let output = Command::new(binary("pushpull-lab"))
            .args(["compare", "--quick", "--tiny", "--scenario", "burst", "--out"])
            .arg(out)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "27 minutes of figures");
    let nowhere =
        ["compare", "--quick", "--tiny", "--scenario", "burst", "--out", "/proc/results/compare.json"];
    let output = Command::new(binary("pushpull-lab")).args(nowhere).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot make /proc/results"));
}
