//! `overhead` as a command: figures from real processes, an end at any time, and what it does without Python.

use std::path::Path;
use std::process::Command;

use lab::compare::results::{Results, Run};

use super::started::{gone, start};
use super::{binary, eventually};

fn run<'a>(results: &'a Results, part: &str) -> Option<&'a Run> {
    results.runs.iter().find(|run| run.scenario == format!("overhead/{part}"))
}

/// A figure of a cohort.
fn figure(run: &Run, cohort: &str, name: &str) -> f64 {
    let cell = run.cells.iter().find(|cell| cell.cohort == cohort);
    let figure = cell.and_then(|cell| cell.figures.get(name)).and_then(|figure| figure.value);
    figure.unwrap_or_else(|| panic!("no {name} of {cohort} in {run:#?}"))
}

#[test]
fn all_parts_have_sane_figures_and_the_file_is_what_was_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new").join("overhead.json");
    let arguments = ["overhead", "--tiny", "--rounds", "3", "--json", "--out"];
    let output = Command::new(binary("pushpull-lab")).args(arguments).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let results = Results::read(&file).unwrap();
    let printed: Results = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, results);
    assert!(said.contains("It will take about "), "{said}");

    let api = run(&results, "api").unwrap();
    let fastapi = run(&results, "fastapi").unwrap();
    // Where Python's packages are missing, it says how to install them.
    let apps: &[&Run] = if fastapi.skipped.is_some() { &[api] } else { &[api, fastapi] };
    assert!(fastapi.skipped.as_ref().is_none_or(|why| why.contains("make tools")), "{fastapi:?}");
    for app in apps {
        // Instruments may be cheap, and a machine busy: but not that much.
        let ratio = figure(app, "no-work", "cpu_ratio");
        assert!((0.1..10.0).contains(&ratio), "{app:#?}");
        let per_request = figure(app, "no-work", "cpu_per_request_seconds");
        assert!((1e-6..0.05).contains(&per_request), "{app:#?}");
        // The article's 100 to 500 ms are in the time of a request, and not in its CPU time.
        assert!(figure(app, "article-work", "latency_mean_seconds") > 0.15, "{app:#?}");
        assert!(figure(app, "article-work", "cpu_per_request_seconds") < 0.1, "{app:#?}");
    }
    let agent = run(&results, "agent").unwrap();
    for interval in ["1s", "2s"] {
        let minute = figure(agent, interval, "agent_cpu_seconds_per_minute");
        assert!((1e-3..30.0).contains(&minute), "{agent:#?}");
        assert!(figure(agent, interval, "agent_memory_bytes") > 1e6, "{agent:#?}");
        assert!(figure(agent, interval, "latency_p50_added_seconds").abs() < 1.0, "{agent:#?}");
    }
}

#[test]
fn an_interrupted_run_keeps_what_is_measured_and_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("overhead.json");
    let shown = file.display().to_string();
    let mut lab = start(&["overhead", "--tiny", "--rounds", "1", "--part", "api,agent", "--out", &shown]);
    lab.wait_for("overhead/agent: begins");
    let mut children = Vec::new();
    eventually("the gateway", || {
        children = lab.children();
        children.iter().any(|(_, name)| name.starts_with("pushpull-gatewa"))
    });
    lab.signal("-INT");
    assert_eq!(lab.end(), Some(130), "{}", lab.said());
    // Those that were just being started are killed, which takes the kernel a moment.
    eventually("the end of all children", || gone(&children));
    let results = Results::read(&file).unwrap();
    assert_eq!(run(&results, "api").unwrap().cells.len(), 2, "{results:#?}");
    lab.wait_for("the article's claim");
}

#[test]
fn without_python_the_articles_app_is_skipped_with_what_installs_it() {
    let folder = tempfile::tempdir().unwrap();
    // Elsewhere than beside the environment that make installs.
    let lab = folder.path().join("pushpull-lab");
    std::fs::copy(binary("pushpull-lab"), &lab).unwrap();
    let output = Command::new(&lab)
        .args(["overhead", "--part", "fastapi", "--tiny", "--rounds", "1"])
        .env("PATH", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("skipped: no Python has") && said.contains("make tools"), "{said}");
}

#[test]
fn a_child_without_instruments_has_none_and_answers_alike() {
    for (instruments, expected) in [("on", true), ("off", false)] {
        let served = Served::start(instruments);
        let (_, greeting) = super::peers::request(served.port, "GET", "/", b"").unwrap();
        assert!(greeting.contains("Olá, mundo!"), "{greeting}");
        let page = super::peers::request(served.port, "GET", "/metrics", b"").unwrap().1;
        for name in ["app_requests_total 1", "http_request_duration_seconds_count 1", "app_cpu_percent "] {
            assert_eq!(page.contains(name), expected, "{instruments} {name}\n{page}");
        }
    }
}

/// The hidden command, ended with the test.
struct Served {
    child: std::process::Child,
    port: u16,
}

impl Served {
    fn start(instruments: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let program: &Path = &binary("pushpull-lab");
        let flags = ["serve-api", "--listen", &listen, "--instruments", instruments, "--work", "off"];
        let served = Self { child: Command::new(program).args(flags).spawn().unwrap(), port };
        eventually("the server", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        served
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
