//! The whole stack without containers, with Debian's programs: everything arrives, nothing is left.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use super::peers;
use super::started::{Lab, gone, signal, start};
use super::{binary, eventually, main_job};

const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn native(data: &Path, more: &[&str]) -> Lab {
    let data = data.to_str().unwrap();
    let common = ["native", "--interval", "2", "--rate", "20", "--project", PROJECT, "--data", data];
    start(&[&common[..], more].concat())
}

/// The port in the table's row of this name.
fn port(lab: &Lab, name: &str) -> u16 {
    lab.wait_for("Everything stored is in");
    let said = lab.said();
    let row = said.lines().find(|line| line.contains(&format!("|   {name} ")) && line.contains("http://"));
    let (_, rest) = row.unwrap_or_else(|| panic!("no {name} in\n{said}")).split_once("127.0.0.1:").unwrap();
    rest.split('/').next().unwrap().parse().unwrap()
}

/// The names of all recording rules that ship.
fn records() -> BTreeSet<String> {
    let rules = std::fs::read_to_string(format!("{PROJECT}/gateway-config/rules/indicators.yml")).unwrap();
    let names = rules.lines().filter_map(|line| line.trim().strip_prefix("- record: "));
    names.map(str::to_owned).collect()
}

/// The listeners of these processes that others than this machine could reach.
fn listening_elsewhere(children: &[(u32, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (id, name) in children {
        let files = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().flatten();
        let sockets: Vec<String> = files
            .filter_map(|file| std::fs::read_link(file.path()).ok())
            .filter_map(|to| Some(to.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_owned()))
            .collect();
        for table in ["tcp", "tcp6", "udp", "udp6"] {
            let text = std::fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
            for fields in text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()) {
                // 0A is a TCP listener, 07 a UDP socket that no peer is set for.
                let open = fields.len() > 9 && ["0A", "07"].contains(&fields[3]);
                if open
                    && sockets.iter().any(|socket| socket == fields[9])
                    && !fields[1].starts_with("0100007F:")
                {
                    found.push(format!("{name}: {table} {}", fields[1]));
                }
            }
        }
    }
    found
}

#[test]
fn everything_is_scraped_and_every_rule_has_data_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut lab = native(folder.path(), &["--ports", "auto"]);
    let (api, prometheus) = (port(&lab, "api"), port(&lab, "prometheus"));
    let query = |query: &str| main_job::ask(prometheus, query);
    for path in ["fallback", "pull", "push"] {
        let counter = format!("app_requests_total{{path=\"{path}\"}} > 0");
        eventually(&format!("the counter by {path}\n{}", lab.said()), || query(&counter).len() == 1);
    }
    // By all three ways it is one instance, so that they can be compared.
    eventually("one instance", || {
        query("count by (instance) (app_requests_total)") == [(String::new(), 3.0)]
    });
    let jobs = "api-pull|pushgateway|agent-fallback|node-exporter|prometheus|alertmanager";
    let up = format!("sum(up{{job=~\"{jobs}\"}})");
    eventually("all six targets up", || query(&up) == [(String::new(), 6.0)]);
    let (_, targets) = peers::request(prometheus, "GET", "/api/v1/targets?state=active", b"").unwrap();
    assert_eq!(targets.matches("\"health\":\"up\"").count(), 6, "{targets}");
    let records = records();
    assert!(records.len() > 10, "{records:?}");
    for name in records {
        eventually(&format!("data of {name}"), || !query(&name).is_empty());
    }
    let (_, managers) = peers::request(prometheus, "GET", "/api/v1/alertmanagers", b"").unwrap();
    let port = port(&lab, "alertmanager");
    assert!(managers.contains(&format!("http://127.0.0.1:{port}/api/v2/alerts")), "{managers}");

    let children = lab.children();
    assert_eq!(children.len(), 6, "{children:?}");
    assert_eq!(listening_elsewhere(&children), Vec::<String>::new());
    let began = Instant::now();
    lab.signal("-INT");
    assert_eq!(lab.end(), Some(0), "{}", lab.said());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(gone(&children), "{children:?}");
    lab.wait_for("| the agent's last push has arrived\n");
    // What they stored is there, and not in the system's folders.
    let groups = format!("pushgateway/{api}");
    for name in ["prometheus/wal", "alertmanager", &groups, "agent.toml"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn ours_takes_the_pushgateways_place_and_a_death_is_told_with_its_last_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut lab = native(folder.path(), &["--ports", "auto", "--gateway", "ours"]);
    let gateway = port(&lab, "gateway");
    let (_, page) = peers::request(gateway, "GET", "/metrics", b"").unwrap();
    assert!(page.contains("push_expires_time_seconds"), "{page}");
    let children = lab.children();
    let manager = children.iter().find(|(_, name)| name.starts_with("prometheus-aler")).unwrap();
    signal(manager.0, "-ABRT");
    assert_eq!(lab.end(), Some(1), "{}", lab.said());
    lab.wait_for("| alertmanager ended by itself with 2: stopping everything\n");
    lab.wait_for("pushpull-lab: alertmanager ended by itself with 2; its last lines:\n    ");
    eventually("the others' end", || gone(&children));
}

#[test]
fn what_is_in_the_way_is_named_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut lab = native(folder.path(), &["--port-offset", &(port - 9093).to_string()]);
    assert_eq!(lab.end(), Some(1));
    lab.wait_for(&format!("    {port} for alertmanager: by "));
    assert!(!lab.said().contains("listening"), "{}", lab.said());

    let mut lab = start(&["native", "--ports", "auto", "--project", folder.path().to_str().unwrap()]);
    assert_eq!(lab.end(), Some(1));
    lab.wait_for("run this in the project's folder, or name it with --project");

    // Nothing but our own binaries, which are found beside the lab.
    let output =
        std::process::Command::new(binary("pushpull-lab")).arg("native").env("PATH", folder.path()).output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    let names = "prometheus prometheus-alertmanager prometheus-node-exporter prometheus-pushgateway";
    assert!(said.contains(&format!("sudo apt-get install {names}\n")), "{said}");
}
