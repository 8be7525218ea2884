//! Faults of targets and gateways, a row each, all at once: each is counted by its cause in one metric, the
//! log and the status say it, and data flows again by itself. `docs/faults.md` has the same rows.

use std::sync::atomic::Ordering;

use super::doubles::Double;
use super::faults_doubles::{Fault, Faulty};
use super::process::{Agent, eventually, start};
use super::status::{last_error, now};

/// The fault, the counter and reason that name it, and what is said.
type Row = (Fault, &'static str, &'static str);

const REFUSED: &str = "Connection refused";

/// The counters of failures of one target or endpoint that are above zero, with their reasons.
pub(crate) fn causes(agent: &Agent, whose: &str) -> Vec<String> {
    let counters = ["retried_total", "refused_total", "collection_failures_total"];
    let page = agent.metrics();
    let lines = page.lines().filter_map(|line| line.strip_prefix("pushpull_agent_")?.split_once('{'));
    lines
        .filter(|(name, rest)| counters.contains(name) && rest.contains(&format!("=\"{whose}\"")))
        .filter(|(_, rest)| !rest.ends_with(" 0"))
        .map(|(name, rest)| {
            let reason = rest.split("reason=\"").nth(1).unwrap().split('"').next().unwrap();
            format!("{name} {reason}")
        })
        .collect()
}

/// Waits until exactly this is counted of it, and this is said of it.
fn suffers(agent: &Agent, list: &str, whose: &str, (fault, counted, told): &Row) {
    let what = format!("{counted} of {fault:?}");
    eventually(&what, || causes(agent, whose).iter().any(|cause| cause == counted));
    assert_eq!(causes(agent, whose), [*counted], "{fault:?}");
    eventually(&format!("{told} of {fault:?}"), || last_error(agent, list, whose).contains(told));
    let log = agent.log();
    assert!(log.lines().any(|line| line.contains(told) && line.contains(whose)), "{fault:?} in\n{log}");
}

#[test]
fn faults_of_gateways() {
    let rows: [Row; 9] = [
        (Fault::Refuses, "retried_total connect", REFUSED),
        (Fault::Hangs, "retried_total timeout", "no answer within 1s"),
        (Fault::Resets, "retried_total request", "Connection reset"),
        (Fault::Answers("400 Bad Request"), "refused_total 400", "400 Bad Request: not now"),
        (
            Fault::Answers("401 Unauthorized"),
            "refused_total 401",
            "401 Unauthorized: not now; the newest values are held",
        ),
        (Fault::Answers("413 Payload Too Large"), "refused_total 413", "413 Payload Too Large: not now"),
        (Fault::Answers("429 Too Many Requests"), "retried_total 429", "429 Too Many Requests: not now"),
        (Fault::Answers("500 Oh"), "retried_total 500", "500 Internal Server Error: not now"),
        (Fault::Answers("503 Busy"), "retried_total 503", "503 Service Unavailable: not now"),
    ];
    let target = Faulty::new();
    let gateways: Vec<Faulty> = rows.iter().map(|_| Faulty::new()).collect();
    let slow = Faulty::new();
    let mut settings = format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [[scrape]]\nurl = \"{}/metrics\"\n",
        target.url
    );
    // Who is not let in is let in when the password changes.
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "old").unwrap();
    for gateway in gateways.iter().chain([&slow]) {
        let url = &gateway.url;
        settings.push_str(&format!("[[push]]\nurl = \"{url}\"\ntimeout = \"1s\"\ncompression = \"none\"\n"));
        settings.push_str(&format!("username = \"u\"\npassword_file = \"{}\"\n", password.display()));
    }
    let agent = start(&settings);
    let all_took = |line: &str| gateways.iter().chain([&slow]).all(|gateway| gateway.took(line));
    eventually("the first value everywhere", || all_took("c 1"));
    for (gateway, (fault, ..)) in gateways.iter().zip(&rows) {
        gateway.suffers(*fault);
    }
    slow.suffers(Fault::Slow);
    for (gateway, row) in gateways.iter().zip(&rows) {
        suffers(&agent, "endpoints", &gateway.url, row);
    }
    // What is slow does not fail: only what it has no time for is counted.
    let superseded = format!("pushpull_agent_dropped_total{{endpoint=\"{}\",reason=\"superseded\"", slow.url);
    eventually("what a slow one is spared", || agent.value(&superseded).is_some_and(|count| count > 0.0));
    assert_eq!(causes(&agent, &slow.url), [""; 0]);
    target.count.store(42, Ordering::SeqCst);
    for gateway in gateways.iter().chain([&slow]) {
        gateway.suffers(Fault::None);
    }
    std::fs::write(&password, "new").unwrap();
    eventually("the newest value everywhere", || all_took("c 42"));
    eventually("that all is well", || {
        let said = now(&agent);
        said["endpoints"].as_array().unwrap().iter().all(|endpoint| endpoint["state"] == "ok")
    });
}

#[test]
fn faults_of_targets() {
    const STATUS: &str = "collection_failures_total status";
    let rows: [Row; 10] = [
        (Fault::Refuses, "collection_failures_total connect", REFUSED),
        (Fault::Hangs, "collection_failures_total timeout", "timeout"),
        (Fault::Resets, "collection_failures_total body", "body cannot be read: Connection reset"),
        (Fault::Answers("400 Bad Request"), STATUS, "answers 400 Bad Request, expected 200"),
        (Fault::Answers("401 Unauthorized"), STATUS, "answers 401 Unauthorized, expected 200"),
        (Fault::Answers("413 Payload Too Large"), STATUS, "answers 413 Payload Too Large, expected 200"),
        (Fault::Answers("429 Too Many Requests"), STATUS, "answers 429 Too Many Requests, expected 200"),
        (Fault::Answers("500 Oh"), STATUS, "answers 500 Internal Server Error, expected 200"),
        (Fault::Answers("503 Busy"), STATUS, "answers 503 Service Unavailable, expected 200"),
        (Fault::Slow, "collection_failures_total timeout", "no whole page within 1s"),
    ];
    let targets: Vec<Faulty> = rows.iter().map(|_| Faulty::new()).collect();
    let gateway = Double::gateway();
    let mut settings = format!(
        "interval = \"1s\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n[[push]]\nurl = \"{}\"\n",
        gateway.url
    );
    for (at, target) in targets.iter().enumerate() {
        settings.push_str(&format!("[[scrape]]\nurl = \"{}/metrics\"\ninstance = \"t{at}\"\n", target.url));
    }
    let agent = start(&settings);
    let last = |at: usize| {
        let put = gateway.seen_of(&format!("PUT /metrics/job/j/instance/t{at}")).pop();
        put.map_or(String::new(), |put| put.body)
    };
    let all_pushed =
        |lines: &[&str]| (0..targets.len()).all(|at| lines.iter().all(|line| last(at).contains(line)));
    eventually("all values", || all_pushed(&["\nc 1\n", "up 1\n"]));
    for target in &targets {
        target.count.store(1_000, Ordering::SeqCst);
    }
    eventually("all later values", || all_pushed(&["\nc 1000\n"]));
    for (target, (fault, ..)) in targets.iter().zip(&rows) {
        target.suffers(*fault);
    }
    for (target, row) in targets.iter().zip(&rows) {
        suffers(&agent, "targets", &format!("{}/metrics", target.url), row);
    }
    eventually("that all are down", || all_pushed(&["up 0\n"]));
    assert!((0..targets.len()).all(|at| !last(at).contains("\nc ")), "an old value is pushed on");
    // They come back as after a restart: from the start, which is there to be seen.
    for target in &targets {
        target.count.store(3, Ordering::SeqCst);
        target.suffers(Fault::None);
    }
    eventually("all values again", || all_pushed(&["\nc 3\n", "up 1\n"]));
    eventually("that all is well", || {
        let said = now(&agent);
        said["targets"].as_array().unwrap().iter().all(|target| target["last_error"].is_null())
    });
}
