//! The configuration that ships, judged by the programs that read it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs a program in the repository; what it said where it was not content.
fn judge(program: &str, arguments: &[&str]) {
    let run = Command::new(program).args(arguments).current_dir(root()).output();
    let run = run.unwrap_or_else(|error| panic!("{program}: {error}: `make tools` installs it"));
    let said = [run.stdout, run.stderr].concat();
    assert!(run.status.success(), "{program} {arguments:?}\n{}", String::from_utf8_lossy(&said));
}

fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut files: Vec<String> =
        entries.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy())).collect();
    files.retain(|file| Path::new(file).extension().is_some_and(|ending| ending == "yml"));
    files.sort();
    files
}

#[test]
fn prometheus_and_alertmanager_take_their_files() {
    judge(
        "promtool",
        &["check", "config", "gateway-config/prometheus.yml", "gateway-config/prometheus.native.yml"],
    );
    judge("amtool", &["check-config", "gateway-config/alertmanager.yml"]);
}

#[test]
fn every_alert_is_tested_to_fire_and_not_to_fire() {
    let tests = files("gateway-config/rules/tests");
    let arguments: Vec<&str> =
        ["test", "rules"].into_iter().chain(tests.iter().map(String::as_str)).collect();
    judge("promtool", &arguments);
    let read = |file: &String| std::fs::read_to_string(root().join(file)).unwrap();
    let alerts = read(&"gateway-config/rules/alerts.yml".to_owned());
    let names: BTreeSet<&str> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() >= 10, "{names:?}");
    let tests: Vec<String> = tests.iter().map(read).collect();
    let runbooks = std::fs::read_to_string(root().join("docs/runbooks.md")).unwrap();
    for name in names {
        let stands = |text: &str| tests.iter().any(|test| test.contains(text));
        assert!(stands(&format!("- alertname: {name}\n")), "no test in which {name} fires");
        assert!(
            stands(&format!("- {{alertname: {name}, eval_time")),
            "no test in which {name} does not fire"
        );
        assert!(runbooks.contains(&format!("## {name}\n")), "no runbook of {name}");
    }
}

#[test]
fn both_files_of_prometheus_differ_only_in_where_things_are() {
    let jobs = |file: &str| -> Vec<String> {
        let text = std::fs::read_to_string(root().join("gateway-config").join(file)).unwrap();
        let places = [
            "targets",
            "names",
            "type:",
            "port:",
            "refresh_interval",
            "static_configs",
            "dns_sd",
            "file_sd",
            "files",
            "- files",
        ];
        let kept = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
        kept.filter(|line| !line.is_empty() && !line.starts_with('#'))
            .filter(|line| !places.iter().any(|place| line.trim_start_matches("- ").starts_with(place)))
            .map(str::to_owned)
            .collect()
    };
    // Discovered targets get their label by relabelling, written down ones beside them.
    let plain = |lines: Vec<String>| -> BTreeSet<String> {
        lines.into_iter().filter(|line| !line.contains("path") && !line.contains("relabel_configs")).collect()
    };
    assert_eq!(plain(jobs("prometheus.yml")), plain(jobs("prometheus.native.yml")));
}

#[test]
fn dashboards_are_what_their_source_gives() {
    judge("python3", &["grafana-provisioning/source/generate.py", "--check"]);
}

#[test]
fn dashboards_are_for_the_grafana_that_compose_starts() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let source = read("grafana-provisioning/source/panels.py");
    let version =
        source.lines().find_map(|line| line.strip_prefix("GRAFANA = \"")?.split('"').next()).unwrap();
    for file in ["docker/compose.yml", "docker/.env.example"] {
        assert!(read(file).contains(&format!("grafana/grafana:{version}")), "{file}: expected {version}");
    }
}
