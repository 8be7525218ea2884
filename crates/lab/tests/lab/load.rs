//! The load generator as a process, on servers that count, stall and misbehave.

use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lab::load::expect::Expect;
use lab::load::plan::Plan;
use lab::load::scenario::{SCENARIOS, Scenario};
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;

use super::doubles::{self, Stall};
use super::started::signal;
use super::{binary, eventually};

fn load(arguments: &[&str]) -> Output {
    Command::new(binary("pushpull-lab")).arg("load").args(arguments).output().unwrap()
}

/// The one object, and nothing else on standard output.
fn json(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}\n{said}"))
}

fn measure(url: &str, arguments: &[&str]) -> Value {
    json(&load(&[&["--json", "--url", url], arguments].concat()))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn every_request_is_one_that_the_server_saw_and_all_keys_are_there() {
    let server = doubles::start(None, None);
    let arguments = ["--json", "--url", &server.url(""), "--rate", "200", "--requests", "150"];
    let output = load(&arguments);
    assert_eq!((output.status.code(), said(&output).lines().count()), (Some(0), 1), "{}", said(&output));
    let result = json(&output);
    assert_eq!((result["requests"].as_u64(), server.seen()), (Some(150), 150));
    assert_eq!((&result["ok"], &result["errors"]), (&150.into(), &0.into()));
    assert_eq!(result["status"], serde_json::json!({"200": 150}));
    assert_eq!(result["requested_rate"], 200.0);
    assert!((199.0..=200.0).contains(&result["achieved_rate"].as_f64().unwrap()), "{result}");
    for (key, times) in ["latency_seconds", "lateness_seconds"].map(|key| (key, &result[key])) {
        let times = ["min", "p50", "p90", "p99", "p999", "max"].map(|name| times[name].as_f64());
        assert!(times.iter().all(Option::is_some) && times.is_sorted(), "{key} {times:?}");
    }
    assert!(result["latency_seconds"]["mean"].as_f64() > Some(0.0));
    for key in ["duration_seconds", "errors_by_kind", "scenario", "scale", "not_sent"] {
        assert!(result.get(key).is_some(), "{key}");
    }
    assert_eq!((&result["interrupted"], &result["not_sent"]), (&false.into(), &0.into()));
}

#[test]
fn threads_share_the_requests_and_the_connections() {
    let server = doubles::start(None, None);
    let arguments = ["--rate", "200", "--requests", "150", "--concurrent", "5", "--threads", "3"];
    let result = measure(&server.url(""), &arguments);
    assert_eq!((&result["threads"], &result["ok"], server.seen()), (&3.into(), &150.into(), 150), "{result}");
    assert_eq!(result["latency_seconds"]["max"].as_f64().map(|max| max > 0.0), Some(true), "{result}");
    // Three connections in two threads: each has one request under way, and none comes back.
    let hanging = ["--rate", "100", "--duration", "0.3", "--drain", "10ms", "--timeout", "1s"];
    let result =
        measure(&server.url("hang"), &[&hanging[..], &["--concurrent", "3", "--threads", "2"]].concat());
    assert_eq!((&result["requests"], &result["not_sent"]), (&3.into(), &27.into()), "{result}");
}

#[test]
fn a_server_that_stalls_shows_in_the_open_loop_and_hides_from_the_closed_one() {
    let stall = Some(Stall { at: 100, time: Duration::from_secs(1) });
    // 100 of 400 requests fall into that second, and wait from 1 s down to nothing.
    let open = measure(
        &doubles::start(stall, None).url(""),
        &["--rate", "100", "--duration", "4", "--concurrent", "10"],
    );
    let time = |result: &Value, name: &str| result["latency_seconds"][name].as_f64().unwrap();
    assert!((0.9..1.2).contains(&time(&open, "p99")), "{open}");
    assert!((0.5..0.8).contains(&time(&open, "p90")), "{open}");
    assert!((0.10..0.18).contains(&time(&open, "mean")), "{open}");
    assert_eq!((&open["requests"], &open["reached"]), (&400.into(), &true.into()), "{open}");
    let closed = measure(
        &doubles::start(stall, None).url(""),
        &["--rate", "0", "--duration", "4", "--concurrent", "10"],
    );
    assert!(time(&closed, "p99") < 0.3, "{closed}");
    assert_eq!(closed["loop"], "closed");
}

#[test]
fn what_finds_no_connection_waits_from_its_planned_start_and_is_told_when_it_is_never_sent() {
    let server = doubles::start(None, None);
    let arguments = ["--rate", "20", "--duration", "1", "--concurrent", "2", "--timeout", "400ms"];
    let result = measure(&server.url("hang"), &[&arguments[..], &["--drain", "1s"]].concat());
    let [sent, not_sent] = ["requests", "not_sent"].map(|key| result[key].as_u64().unwrap());
    assert_eq!((sent + not_sent, &result["reached"]), (20, &false.into()), "{result}");
    assert!((8..=12).contains(&sent), "{result}");
    assert_eq!(result["errors_by_kind"], serde_json::json!({"timeout": sent}));
    assert!(result["achieved_rate"].as_f64() < Some(8.0), "{result}");
    // The last one that was sent had waited for about 1.5 s before.
    assert!(result["latency_seconds"]["max"].as_f64() > Some(1.2), "{result}");
    assert!(result["remarks"][0].as_str().unwrap().contains("(--concurrent)"), "{result}");
}

#[test]
fn failures_are_counted_by_kind() {
    let server = doubles::start(None, None);
    for (path, kind, status) in [
        ("missing", "status", Some("404")),
        ("reset", "reset", None),
        ("closed", "closed", None),
        ("body", "body", None),
        ("garbage", "protocol", None),
    ] {
        let result = measure(&server.url(path), &["--rate", "100", "--requests", "20"]);
        assert_eq!(result["errors_by_kind"], serde_json::json!({kind: 20}), "{path}: {result}");
        assert_eq!((&result["ok"], &result["errors"]), (&0.into(), &20.into()), "{path}");
        assert_eq!(result["success"], 0.0);
        let statuses = result["status"].as_object().unwrap();
        assert_eq!(statuses.keys().next().map(String::as_str), status, "{path}: {result}");
    }
    for path in ["once", "chunked"] {
        let result = measure(&server.url(path), &["--rate", "100", "--requests", "20"]);
        assert_eq!(result["ok"], 20, "{path}: {result}");
    }
}

#[test]
fn a_server_that_goes_away_meanwhile_is_an_error_of_connecting() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let gone = std::thread::spawn(move || drop(listener.accept()));
    let result = measure(&format!("http://127.0.0.1:{port}/"), &["--rate", "50", "--requests", "20"]);
    gone.join().unwrap();
    assert!(result["errors_by_kind"]["connect"].as_u64() >= Some(15), "{result}");
    assert_eq!(result["errors"], 20, "{result}");
    // Refused quickly is not answered quickly.
    assert!(result["latency_seconds"]["p50"].is_null(), "{result}");
}

#[test]
fn expectations_decide_the_exit_code() {
    let server = doubles::start(None, None);
    let (url, missing) = (server.url(""), server.url("missing"));
    let run = |url: &str, expect: &str| {
        load(&["--url", url, "--rate", "100", "--requests", "20", "--expect", expect])
    };
    let kept = run(&url, "p99<5s, success>=100%, mean < 5s, max<5s, p99.9<=5s, rate>90%");
    assert_eq!(kept.status.code(), Some(0), "{}", said(&kept));
    let missed = run(&missing, "p99<1ns,success>99.9%,max<5s");
    assert_eq!(missed.status.code(), Some(1));
    let lines = String::from_utf8(missed.stderr).unwrap();
    assert_eq!(lines.matches("missed: ").count(), 2, "{lines}");
    assert!(lines.contains("missed: success>99.9%: it was 0.000%\n"), "{lines}");
    for (wrong, expected) in [
        ("p99", "expected a condition such as p99<500ms or success>99.9%"),
        ("p99<fast", "expected a time such as 500ms or 1s"),
        ("p101<1s", "expected min, mean, p50, p99.9 (any percentile), max, success or rate before < or >"),
        ("success>2", "expected a share such as 99.9%"),
        ("p99<1s,,max<1s", "expected a condition"),
    ] {
        let refused = run(&url, wrong);
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
        assert!(said(&refused).contains(expected), "{wrong}: {}", said(&refused));
        assert!(wrong.parse::<Expect>().is_err());
    }
}

#[test]
fn an_interrupt_gives_the_partial_result() {
    let server = doubles::start(None, None);
    let child = Command::new(binary("pushpull-lab"))
        .args(["load", "--json", "--rate", "100", "--duration", "50", "--url", &server.url("")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("requests", || server.seen() > 30);
    signal(child.id(), "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    let result = json(&output);
    assert_eq!(result["interrupted"], true);
    let counted = ["requests", "unfinished"].map(|key| result[key].as_u64().unwrap());
    assert!(counted[0] >= 30 && counted[0] + counted[1] >= server.seen(), "{result}");
    assert!((90.0..=100.0).contains(&result["achieved_rate"].as_f64().unwrap()), "{result}");
}

#[test]
fn a_rate_that_cannot_be_reached_is_told_and_not_claimed() {
    let server = doubles::start(None, None);
    let arguments = ["--rate", "3000000", "--duration", "1", "--drain", "100ms", "--expect", "rate>99%"];
    let output = load(&[&["--json", "--url", &server.url("")], &arguments[..]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let result = json(&output);
    assert_eq!(result["reached"], false);
    assert!(result["achieved_rate"].as_f64() < Some(1_000_000.0), "{result}");
    assert_eq!(result["requests"].as_u64(), Some(server.seen()));
    let counted = ["requests", "not_sent"].map(|key| result[key].as_u64().unwrap());
    assert_eq!(counted[0] + counted[1], 3_000_000);
    assert!(!result["remarks"].as_array().unwrap().is_empty());
}

#[test]
fn what_cannot_be_reached_or_meant_is_said_at_once() {
    let output = load(&["--url", &format!("http://127.0.0.1:{}/", doubles::nobody())]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("/: Connection refused (os error 111) (connect)\n"), "{}", said(&output));
    let output = load(&["--url", "http://no-such-host.invalid/"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("no address for `no-such-host.invalid`"), "{}", said(&output));
    for (arguments, expected) in [
        (&["--url", "ftp://a/b"][..], "expected http://host[:port][/path] or https://…"),
        (&["--url", "somewhere"], "expected http://host[:port][/path] or https://…"),
        (&["--url", "http://me:pass@a/"], "a user in it is not supported"),
        (&["--rate", "-1"], "expected"),
        (&["--rate=nan"], "expected requests a second"),
        (&["--duration", "0"], "expected seconds or a time"),
        (&["--requests", "0"], "0 is not in"),
        (&["--scale", "0.5"], "--scale shortens a scenario"),
        (&["high", "--scale", "2"], "expected a share above 0 and up to 1"),
        (&["hihg"], "expected one of baseline (10/s, 1 user, 2 min), moderate"),
        (&["high", "--rate", "5"], "cannot be used with"),
    ] {
        let output = load(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn a_scenario_runs_by_name_and_says_how_it_was_shortened() {
    let server = doubles::start(None, None);
    let folder = tempfile::tempdir().unwrap();
    let [csv, svg, html] =
        ["a.csv", "a.svg", "a.html"].map(|name| folder.path().join(name).display().to_string());
    let files = ["--csv", &csv, "--svg", &svg, "--html", &html];
    let output = load(&[&["high", "--scale", "0.01", "--url", &server.url("")][..], &files].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = said(&output);
    assert!(text.contains("open loop, 100/s, 20 connection(s), 1.8 s\n"), "{text}");
    assert!(text.contains("scenario high: shortened by --scale 0.01, from 180 s\n"), "{text}");
    assert!(text.contains("/s of 100/s asked\n") && text.contains("180: 180 ok, 0 errors"), "{text}");
    let rows = std::fs::read_to_string(csv).unwrap();
    assert!(rows.starts_with("second,ok,errors,mean_seconds,max_seconds\n0,100,0,0."), "{rows}");
    assert_eq!(rows.lines().count(), 3);
    let picture = std::fs::read_to_string(svg).unwrap();
    assert!(picture.contains("prefers-color-scheme:dark") && picture.contains("p99.9 "), "{picture}");
    let page = std::fs::read_to_string(html).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains(picture.trim_end()), "{page}");
    assert!(page.contains("180: 180 ok, 0 errors") && page.contains("<th>p99.9</th>"), "{page}");
    // It opens without a network.
    assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("@import"), "{page}");
    let result = measure(&server.url(""), &["--scenario", "baseline", "--scale", "0.01"]);
    assert_eq!((&result["scenario"], &result["scale"]), (&"baseline".into(), &0.01.into()));
    assert_eq!((&result["requests"], &result["concurrent"]), (&12.into(), &1.into()));
}

#[test]
fn the_scenarios_are_the_articles() {
    let numbers = SCENARIOS.map(|scenario| (scenario.rate, scenario.users, scenario.duration(1.0).as_secs()));
    assert_eq!(numbers, [(10, 1, 120), (50, 10, 300), (100, 20, 180), (25, 5, 1800)]);
    assert_eq!(Scenario::named("endurance").unwrap().duration(0.1), Duration::from_mins(3));
}

#[test]
fn a_plan_counts_what_is_due() {
    let [timeout, drain] = [Duration::from_secs(10), Duration::from_secs(5)];
    let plan = |rate, requests, seconds: Option<f64>| Plan {
        rate,
        requests,
        duration: seconds.map(Duration::from_secs_f64),
        concurrent: 1,
        timeout,
        drain,
    };
    for (rate, requests, seconds, total) in [
        (10.0, None, Some(1.0), Some(10)),
        (10.0, None, Some(0.3), Some(3)),
        (0.1, None, Some(1.0), Some(1)),
        (10.0, Some(4), Some(1.0), Some(4)),
        (10.0, Some(40), Some(1.0), Some(10)),
        (0.0, None, Some(1.0), None),
        (0.0, Some(4), Some(1.0), Some(4)),
    ] {
        assert_eq!(plan(rate, requests, seconds).total(), total, "{rate} {requests:?} {seconds:?}");
    }
    assert_eq!(plan(4.0, None, Some(2.0)).start_of(3), Some(Duration::from_millis(750)));
    assert_eq!(plan(4.0, Some(2), Some(2.0)).last_start(), Duration::from_millis(5500));
    assert_eq!(plan(0.0, None, Some(2.0)).last_start(), Duration::from_secs(2));
}

#[test]
fn https_is_spoken_and_a_stranger_is_refused() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem").display().to_string();
    std::fs::write(&ca, made.cert.pem()).unwrap();
    service::crypto::install();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let server = doubles::start(None, Some(Arc::new(config)));
    let url = server.url("").replace("http:", "https:");
    let result = measure(&url, &["--requests", "20", "--rate", "100", "--ca-file", &ca]);
    assert_eq!((&result["ok"], server.seen()), (&20.into(), 20), "{result}");
    let refused = load(&["--url", &url, "--requests", "1"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("(tls)"), "{}", said(&refused));
}
