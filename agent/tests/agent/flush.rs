//! A flush: for whoever ends the app, and has to know that its last values have arrived.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;

use super::doubles::{Double, answer};
use super::ending::{counter, settings};
use super::peers;
use super::process::{Agent, eventually, start};

fn flush(agent: &Agent, path: &str) -> (u16, String) {
    peers::request(agent.port, "POST", path, b"").unwrap()
}

fn last(gateway: &Double) -> String {
    gateway.seen_of("PUT /metrics/job/j/instance/i").pop().map_or(String::new(), |put| put.body)
}

#[test]
fn a_flush_is_answered_once_the_value_of_now_has_arrived() {
    let (target, value) = counter();
    let gateway = Double::gateway();
    let agent = start(&settings(&target, &gateway.url, ""));
    eventually("the first value", || last(&gateway).contains("c 1\n"));
    for now in 2..20 {
        value.store(now, Ordering::SeqCst);
        assert_eq!(flush(&agent, "/-/flush"), (200, "OK\n".to_owned()));
        assert!(last(&gateway).contains(&format!("c {now}\n")), "{}", last(&gateway));
    }
}

#[test]
fn what_could_not_be_flushed_is_named() {
    let (target, _) = counter();
    let gateway = Double::new(|_, stream| answer(stream, "503 Service Unavailable", "", b""));
    let agent = start(&settings(&target, &gateway.url, ""));
    eventually("a push", || !gateway.seen().is_empty());
    let (status, said) = flush(&agent, "/-/flush?timeout=100ms");
    assert_eq!(status, 504);
    assert!(said.contains(&format!("{} did not take 2 groups in time", gateway.url)), "{said}");

    let gateway = Double::new(|_, stream| answer(stream, "400 Bad Request", "", b"no"));
    let agent = start(&settings(&target, &gateway.url, ""));
    eventually("both groups' first pushes", || {
        let (_, status) = peers::request(agent.port, "GET", "/api/v1/status", b"").unwrap();
        status.contains("\"refused\":2.0")
    });
    let (status, said) = flush(&agent, "/-/flush");
    assert_eq!(status, 504);
    assert!(said.contains(" refused ") && said.ends_with(" groups\n"), "{said}");
}

#[test]
fn a_flush_is_asked_for_by_post_and_for_a_time_that_can_be_meant() {
    let (target, _) = counter();
    let agent = start(&settings(&target, &Double::gateway().url, ""));
    assert_eq!(peers::request(agent.port, "GET", "/-/flush", b"").unwrap().0, 405);
    let (status, said) = flush(&agent, "/-/flush?timeout=soon");
    assert_eq!(status, 400);
    assert!(said.contains("expected /-/flush or /-/flush?timeout=5s") && said.contains("soon"), "{said}");
}

#[test]
fn a_page_of_another_site_can_ask_for_nothing() {
    let (target, _) = counter();
    let agent = start(&settings(&target, &Double::gateway().url, ""));
    for (path, site, status) in [
        ("/-/flush", "cross-site", 403),
        ("/-/reload", "cross-site", 403),
        ("/-/reload", "same-site", 403),
        ("/-/reload", "same-origin", 200),
        ("/-/reload", "none", 200),
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", agent.port)).unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: a\r\nsec-fetch-site: {site}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {site}: {said}");
    }
}
