//! The fallback for pulls: the same series, whatever gateways do and clients ask for.

use std::io::{Read, Write};

use super::doubles::Double;
use super::flow::settings;
use super::process::{eventually, start};

#[test]
fn pulls_are_answered_with_everything_and_its_age_while_the_gateway_is_down() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let target = Double::page("# TYPE c counter\nc 5\n");
    let text = settings(&[&target], &[], "300ms")
        + &format!("[[push]]\nurl = \"http://{nobody}\"\ntimeout = \"1s\"\n");
    let agent = start(&text);
    eventually("a failed push", || {
        let series = format!("pushpull_agent_retried_total{{endpoint=\"http://{nobody}\",reason=\"connect\"");
        agent.value(&series).is_some_and(|count| count >= 1.0)
    });
    assert_eq!(agent.value("c{job=\"j\",instance=\"i\"}"), Some(5.0));
    let scrapes = target.seen().len();
    eventually("more scrapes", || target.seen().len() > scrapes + 1);
    assert!(agent.value("pushpull_agent_snapshot_age_seconds{job=\"j\"").is_some_and(|age| age < 5.0));
    assert!(agent.log().contains("push failed, trying again: Connection refused"), "{}", agent.log());
    // What could not be sent is replaced by what is newer, and counted.
    let series = "pushpull_agent_dropped_total{endpoint=\"http://";
    eventually("dropped snapshots", || {
        agent
            .metrics()
            .lines()
            .any(|line| line.starts_with(series) && line.contains("superseded") && !line.ends_with(" 0"))
    });
    let (status, _) = super::peers::request(agent.port, "GET", "/-/ready", b"").unwrap();
    assert_eq!(status, 200);
}

/// A request as it is written; the answer as it comes.
fn raw(port: u16, request: &[u8]) -> String {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn pulls_get_the_series_that_are_pushed_whatever_they_accept() {
    let target = Double::page("# TYPE foo counter\nfoo 1\n");
    let agent = start(&settings(&[&target], &[&Double::gateway()], "1s"));
    eventually("a scrape", || agent.value("foo{job=\"j\"").is_some());
    for accept in
        ["accept: application/openmetrics-text;version=1.0.0", "accept: \u{fe}", "accept-encoding: \u{fe}"]
    {
        let request = format!("GET /metrics HTTP/1.1\r\nhost: a\r\n{accept}\r\nconnection: close\r\n\r\n");
        let answer = raw(agent.port, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{accept}: {answer}");
        assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{accept}: {answer}");
        assert!(answer.contains("\nfoo{job=\"j\"") && !answer.contains("foo_total"), "{accept}: {answer}");
    }
}

#[test]
fn other_methods_are_told_which_are_allowed() {
    let agent =
        start(&settings(&[], &[&Double::gateway()], "1s").replace("interval", "scrape = []\ninterval"));
    for path in ["/", "/metrics", "/-/healthy", "/-/ready"] {
        let request = format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = raw(agent.port, request.as_bytes());
        assert!(
            answer.starts_with("HTTP/1.1 405 ") && answer.contains("\r\nallow: GET, HEAD\r\n"),
            "{answer}"
        );
    }
}
