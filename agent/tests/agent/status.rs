//! The agent explains itself: each fault is named on its page and in the JSON beside it.

use std::time::Duration;

use serde_json::Value;

use super::doubles::{Double, answer};
use super::peers;
use super::process::{Agent, eventually, start};

pub(crate) fn now(agent: &Agent) -> Value {
    let (code, body) = peers::request(agent.port, "GET", "/api/v1/status", b"").unwrap();
    assert_eq!(code, 200);
    serde_json::from_str(&body).unwrap()
}

fn page(agent: &Agent) -> String {
    peers::request(agent.port, "GET", "/", b"").unwrap().1
}

fn named<'a>(status: &'a Value, list: &str, name: &str) -> &'a Value {
    let list = status[list].as_array().unwrap();
    list.iter().find(|entry| entry["name"].as_str().is_some_and(|found| found.starts_with(name))).unwrap()
}

/// What is wrong with a target or an endpoint.
pub(crate) fn last_error(agent: &Agent, list: &str, name: &str) -> String {
    named(&now(agent), list, name)["last_error"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_target_and_an_endpoint_that_fail_are_named_with_the_cause_and_those_that_work_are_not() {
    let good = Double::page("# TYPE c counter\nc 1\n");
    let bad = Double::new(|_, stream| answer(stream, "500 Internal Server Error", "", b"<b>no</b>"));
    let takes = Double::gateway();
    let refuses =
        Double::new(|_, stream| answer(stream, "400 Bad Request", "", b"<script>alert(1)</script>"));
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let agent = start(&format!(
        "interval = \"200ms\"\n[log]\nlevel = \"off\"\n[host]\nenabled = false\n\
         [[scrape]]\nurl = \"{}/metrics\"\n[[scrape]]\nurl = \"{}/metrics\"\n\
         [[push]]\nurl = \"{}\"\n[[push]]\nurl = \"{}\"\n[[push]]\nurl = \"http://{away}\"\ntimeout = \"1s\"\n",
        good.url, bad.url, takes.url, refuses.url
    ));
    eventually("all states", || {
        let said = now(&agent);
        let state_of = |url: &str| named(&said, "endpoints", url)["state"].as_str().unwrap().to_owned();
        said["targets"].as_array().unwrap().len() == 3
            && state_of(&takes.url) == "ok"
            && state_of(&refuses.url) == "refusing"
            && state_of(&format!("http://{away}")) == "retrying"
    });
    let said = now(&agent);
    let target = named(&said, "targets", &good.url);
    assert_eq!((target["up"].as_bool(), target["samples"].as_u64()), (Some(true), Some(1)), "{target}");
    assert!(target["duration_seconds"].as_f64().is_some() && target["last_error"].is_null(), "{target}");
    let target = named(&said, "targets", &bad.url);
    assert_eq!(target["up"].as_bool(), Some(false));
    assert!(target["last_error"].as_str().unwrap().contains("answers 500"), "{target}");
    assert!(named(&said, "endpoints", &takes.url)["last_error"].is_null());
    let entry = named(&said, "endpoints", &refuses.url);
    assert!(entry["last_error"].as_str().unwrap().contains("400 Bad Request"), "{entry}");
    let entry = named(&said, "endpoints", &format!("http://{away}"));
    assert!(entry["last_error"].as_str().unwrap().contains("Connection refused"), "{entry}");

    let page = page(&agent);
    for part in ["answers 500", "400 Bad Request", "Connection refused", "next try in", "&lt;script&gt;"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("<script") && !page.contains("<b>no"), "{page}");
}

#[test]
fn the_last_error_goes_when_the_target_works_again() {
    let fails = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let failing = std::sync::Arc::clone(&fails);
    let target = Double::new(move |_, stream| {
        let status = if failing.load(std::sync::atomic::Ordering::SeqCst) { "503 Busy" } else { "200 OK" };
        answer(stream, status, "content-type: text/plain\r\n", b"c 1\n");
    });
    let agent = start(&format!(
        "interval = \"100ms\"\n[host]\nenabled = false\n[scrape]\nurl = \"{}/metrics\"\n[push]\nurl = \"{}\"\n",
        target.url,
        Double::gateway().url
    ));
    eventually("a reading", || now(&agent)["targets"].as_array().unwrap().len() == 2);
    let error = || named(&now(&agent), "targets", &target.url)["last_error"].clone();
    eventually("an error", || error().is_string());
    fails.store(false, std::sync::atomic::Ordering::SeqCst);
    eventually("no error", || error().is_null());
    let events = now(&agent)["events"].to_string();
    assert!(events.contains("scrape failed") && events.contains("scrapes work again"), "{events}");
    assert!(Duration::from_secs_f64(now(&agent)["started_time_seconds"].as_f64().unwrap()).as_secs() > 0);
}
