//! What instruments and an agent cost: figures are there and sane, JSON is readable, a signal is no loss.

use std::path::Path;
use std::process::{Command, Output};

use lab::compare::results::{Cell, Results};

use super::started::{gone, start};
use super::{binary, eventually};

fn overhead(arguments: &[&str]) -> Output {
    binary("pushpull-agent");
    Command::new(binary("pushpull-lab")).arg("overhead").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn value(cell: &Cell, name: &str) -> f64 {
    cell.figures.get(name).and_then(|figure| figure.value).unwrap_or_else(|| panic!("{name} in {cell:?}"))
}

#[test]
fn the_api_with_and_without_instruments_and_an_agent_beside_it_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.json");
    let shown = file.display().to_string();
    let asked = ["--part", "api,agent", "--rounds", "1", "--rate", "20", "--interval", "1", "--json"];
    let output = overhead(&[&asked[..], &["--out", &shown]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let printed: Results = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, Results::read(&file).unwrap());
    assert_eq!((printed.command.as_str(), printed.settings["rounds"].as_str()), ("overhead", "1"));
    let run = |name: &str| printed.runs.iter().find(|run| run.scenario == name).unwrap();
    let [free, working] = &run("overhead/api").cells[..] else { panic!("{printed:?}") };
    assert_eq!([&free.cohort, &working.cohort], ["work 0", "work 100–500 ms"]);
    for cell in [free, working] {
        // A busy machine moves it, and nothing moves it that far.
        assert!((0.1..10.0).contains(&value(cell, "cpu_ratio")), "{cell:?}");
        let used = value(cell, "cpu_per_request_seconds");
        assert!((1e-6..1e-1).contains(&used), "{cell:?}");
    }
    // As many requests as go: a latency would only say how many connections there are.
    assert!(!free.figures.contains_key("latency_p50_added_seconds"), "{free:?}");
    assert!(value(working, "latency_p50_added_seconds").abs() < 0.5, "{working:?}");
    let agent = &run("overhead/agent").cells[0];
    assert_eq!((agent.path.as_str(), agent.cohort.as_str()), ("agent", "1 s"));
    let cpu = value(agent, "agent_cpu_seconds_per_minute");
    assert!(cpu > 0.0 && cpu < 60.0, "{agent:?}");
    assert!(value(agent, "agent_memory_bytes") > 1e6, "{agent:?}");
}

#[test]
fn a_signal_gives_what_was_measured_and_leaves_nobody() {
    let mut lab = start(&["overhead", "--part", "api,agent", "--rounds", "1000"]);
    lab.wait_for("overhead/api: begins");
    eventually("both servers", || lab.children().len() == 2);
    let children = lab.children();
    lab.signal("-INT");
    assert_eq!(lab.end(), Some(130), "{}", lab.said());
    lab.wait_for("Stopped by a signal: the result is partial.");
    assert!(!lab.said().contains("overhead/agent: begins"), "{}", lab.said());
    eventually("the children's end", || gone(&children));
}

/// Runs a lab that has no Python: its own folder, and a PATH with nothing but our binaries.
pub(super) fn without_python(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let original = binary("pushpull-lab");
    let lab = folder.path().join("pushpull-lab");
    std::fs::copy(&original, &lab).unwrap();
    let command = || {
        let mut command = Command::new(&lab);
        command.args(arguments).env("PATH", original.parent().unwrap_or(Path::new("/"))).current_dir(&folder);
        command.output()
    };
    let mut output = command();
    // Another test's fork may still hold the copy open for writing.
    eventually("a copy that can be started", || {
        if output.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::ExecutableFileBusy) {
            output = command();
        }
        output.is_ok()
    });
    output.unwrap()
}

#[test]
fn without_pythons_parts_the_articles_app_is_skipped_and_said_how_to_install() {
    let output = without_python(&["overhead", "--part", "fastapi"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("skipped: the article's programs need Python: python3: "), "{text}");
    assert!(text.contains("install it with `make tools`"), "{text}");
}
