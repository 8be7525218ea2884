//! Targets from lists in Prometheus' form: files, and servers.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::doubles::{Double, answer};
use super::process::{eventually, run, start};

/// A list is written beside and moved into place, as whoever keeps one should.
pub(crate) fn write(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
}

pub(crate) fn settings(discovery: &str, targets: &str, interval: &str, gateway: &Double) -> String {
    format!(
        "interval = \"{interval}\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n\
         [[scrape]]\nurl = \"http://*/metrics?a=1\"\ndiscovery = \"{discovery}\"\ntargets = \"{targets}\"\nrefresh_interval = \"100ms\"\n\
         [[push]]\nurl = \"{}\"\nrate = 2000\nlinger = \"7s\"\n",
        gateway.url
    )
}

fn address(double: &Double) -> String {
    double.url.trim_start_matches("http://").to_owned()
}

fn is_pushed(gateway: &Double, address: &str, up: &str) -> bool {
    let path = format!("PUT /metrics/job/j/instance/{}", address.replace(':', "%3A"));
    gateway.seen_of(&path).last().is_some_and(|put| put.body.contains(up))
}

#[test]
fn a_file_that_changes_is_followed_and_one_with_a_fault_changes_nothing() {
    let (one, two, gateway) = (Double::page("a 1\n"), Double::page("a 2\n"), Double::gateway());
    let (one, two) = (address(&one), address(&two));
    let folder = tempfile::tempdir().unwrap();
    let (json, yaml) = (folder.path().join("t.json"), folder.path().join("t.yml"));
    write(&json, &json!([{"targets": [one]}]).to_string());
    let pattern = folder.path().join("t.*").display().to_string();
    let agent = start(&settings("file", &pattern.replace("t.*", "*t.*"), "200ms", &gateway));
    eventually("a target of the file", || is_pushed(&gateway, &one, "up 1\n"));

    write(&yaml, &format!("- targets: ['{two}']\n"));
    eventually("a target of a new file", || is_pushed(&gateway, &two, "up 1\n"));

    write(&json, "[{\"targets\": [1]}]");
    let failures = format!(
        "pushpull_agent_collection_failures_total{{reason=\"discovery\",source=\"{}\"",
        pattern.replace("t.*", "*t.*")
    );
    eventually("the count of bad lists", || agent.value(&failures).is_some_and(|count| count > 1.0));
    let before = gateway.seen().len();
    eventually("more pushes", || gateway.seen().len() > before + 6);
    assert!(is_pushed(&gateway, &one, "up 1\n") && is_pushed(&gateway, &two, "up 1\n"));
    let log = agent.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("list of targets")).collect();
    assert_eq!(told.len(), 1, "once, not each time: {log}");
    assert!(
        told[0].contains(
            "t.json expected target groups: invalid type: integer `1`, expected a string at line 1 column 15"
        ),
        "{}",
        told[0]
    );

    write(&json, "[]");
    eventually("the end of its group", || {
        let path = format!("PUT /metrics/job/j/instance/{}?ttl=7", one.replace(':', "%3A"));
        gateway.seen_of(&path).last().is_some_and(|put| put.body.contains("up 0\n"))
    });
    std::fs::remove_file(&yaml).unwrap();
    eventually("the end of the other", || is_pushed(&gateway, &two, "up 0\n"));
    eventually("nothing to be pulled", || !agent.metrics().contains("up{job=\"j\""));
    assert!(agent.log().contains("the list of targets is right again"));
}

#[test]
fn a_server_keeps_a_list_and_its_faults_change_nothing() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let address = address(&target);
    let list = Arc::new(Mutex::new(("200 OK", json!([{"targets": [address]}]).to_string())));
    let kept = Arc::clone(&list);
    let server = Double::new(move |_, stream| {
        let (status, body) = kept.lock().unwrap().clone();
        answer(stream, status, "content-type: application/json\r\n", body.as_bytes());
    });
    let url = format!("{}/sd?token=hunter2", server.url);
    let agent = start(&settings("http", &url, "200ms", &gateway));
    eventually("a target of the list", || is_pushed(&gateway, &address, "up 1\n"));
    let head = server.seen()[0].head.to_lowercase();
    assert!(
        head.contains("accept: application/json\r\n")
            && head.contains("x-prometheus-refresh-interval-seconds: 0.1\r\n"),
        "{head}"
    );
    for (status, body) in [
        ("503 Busy", "[]"),
        ("200 OK", "<html>"),
        ("200 OK", "[{\"targets\":[\"x\"],\"labels\":{\"a b\":\"c\"}}]"),
    ] {
        *list.lock().unwrap() = (status, body.to_owned());
        let before = server.seen().len();
        eventually("readings of it", || server.seen().len() > before + 2);
        assert!(is_pushed(&gateway, &address, "up 1\n"), "{body}");
    }
    let log = agent.log();
    assert!(log.contains("/sd?token=*** answers 503") && !log.contains("hunter2"), "{log}");
    *list.lock().unwrap() = ("200 OK", "[]".to_owned());
    eventually("its end", || is_pushed(&gateway, &address, "up 0\n"));
}

#[test]
fn once_scrapes_what_a_list_has_now() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    write(&file, &json!([{"targets": [address(&target)]}]).to_string());
    let (code, said) = run(&settings("file", &file.display().to_string(), "1s", &gateway), &["once"], &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(is_pushed(&gateway, &address(&target), "a 1\n"), "{:?}", gateway.seen());
}

#[test]
fn what_does_not_go_with_a_list_is_told() {
    for (scrape, part) in [
        (
            "url = \"http://*/m\"\ndiscovery = \"file\"",
            "scrape[0].discovery: targets is missing: where the list is",
        ),
        (
            "url = \"http://a/m\"\ndiscovery = \"file\"\ntargets = \"t.json\"",
            "scrape[0].url: expected a URL such as \"http://*/metrics\"",
        ),
        (
            "url = \"http://*/m\"",
            "agent.toml:2:1: scrape[0].url: the host * stands for targets of a list: set discovery",
        ),
        ("url = \"http://a/m\"\ntargets = \"t.json\"", "scrape[0].targets: set without discovery"),
        (
            "url = \"http://*/m\"\ndiscovery = \"http\"\ntargets = \"t.json\"",
            "scrape[0].targets: expected an http or https URL, got \"t.json\"",
        ),
        (
            "url = \"http://*/m\"\ndiscovery = \"file\"\ntargets = \"t.json\"\ninstance = \"i\"",
            "scrape[0].instance: set beside discovery",
        ),
        (
            "url = \"http://*/m\"\ndiscovery = \"file\"\ntargets = \"t.json\"\nrefresh_interval = \"0s\"",
            "scrape[0].refresh_interval: expected a duration from 100ms to 1year, got 0s",
        ),
        (
            "url = \"http://a/m\"\nrefresh_interval = \"1s\"",
            "scrape[0].refresh_interval: set without discovery = \"file\" or \"http\"",
        ),
    ] {
        let (code, said) = run(&format!("[scrape]\n{scrape}\n"), &["check"], &[]);
        assert_eq!(code, Some(2), "{scrape}");
        assert!(said.contains(part), "{part}\nin\n{said}");
    }
    let (code, said) = run(
        "[scrape]\nurl = \"http://*/m\"\ndiscovery = \"http\"\ntargets = \"http://u:hunter2@a/sd?t=hunter2\"\n",
        &["check"],
        &[],
    );
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("targets = \"http://u:***@a/sd?t=***\"")
            && said.contains("refresh_interval = \"1m\"")
            && !said.contains("hunter2"),
        "{said}"
    );
}
