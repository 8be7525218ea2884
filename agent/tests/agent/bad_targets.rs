//! Targets that answer badly: one clear message, `up 0`, and everything else goes on.

use std::io::Write;

use super::doubles::{Double, answer};
use super::process::{Agent, eventually, start};

/// An agent that scrapes a bad target beside a good one.
fn beside_a_good_one(bad_url: &str, limits: &str) -> (Agent, Double) {
    let good = Double::page("good 1\n");
    let gateway = Double::gateway();
    let settings = format!(
        "interval = \"300ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n\
         [[scrape]]\nurl = \"{}/metrics\"\ntimeout = \"300ms\"\ninstance = \"good\"\n\
         [[push]]\nurl = \"{}\"\n\
         [[scrape]]\nurl = \"{bad_url}\"\ntimeout = \"300ms\"\ninstance = \"bad\"\n{limits}\n",
        good.url, gateway.url
    );
    (start(&settings), gateway)
}

fn fails(url: &str, limits: &str, reason: &str, message: &str) -> Agent {
    let (agent, gateway) = beside_a_good_one(url, limits);
    eventually("up 0", || agent.value("up{job=\"j\",instance=\"bad\"}") == Some(0.0));
    let bad = || gateway.seen_of("PUT /metrics/job/j/instance/bad");
    let good = || gateway.seen_of("PUT /metrics/job/j/instance/good");
    eventually("pushes of both", || bad().len() > 2 && good().len() > 2);
    assert!(bad().iter().all(|put| put.body.contains("up 0\n") && !put.body.contains("bad_")), "{:?}", bad());
    assert!(good().iter().all(|put| put.body.contains("up 1\n") && put.body.contains("good 1\n")));
    let log = agent.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("scrape failed")).collect();
    assert_eq!(told.len(), 1, "once, not each interval: {log}");
    assert!(told[0].contains(url) && told[0].contains(message), "{message}\nin\n{}", told[0]);
    let series = format!("pushpull_agent_collection_failures_total{{reason=\"{reason}\",source=\"{url}\"");
    eventually("the count", || agent.value(&series).is_some_and(|count| count > 1.0));
    agent
}

#[test]
fn nobody_there() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    fails(&format!("http://{nobody}/metrics"), "", "connect", "Connection refused");
}

#[test]
fn a_page_for_people() {
    let double = Double::new(|_, stream| {
        answer(stream, "200 OK", "content-type: text/html\r\n", b"<html>Welcome</html>");
    });
    let message = "answers text/html (\"<html>Welcome</html>…\"), expected a Prometheus text page";
    fails(&format!("{}/metrics", double.url), "", "content_type", message);
}

#[test]
fn not_found() {
    let double = Double::new(|_, stream| answer(stream, "404 Not Found", "", b"bad_ 1\n"));
    fails(&format!("{}/metrics", double.url), "", "status", "answers 404 Not Found, expected 200");
}

#[test]
fn an_answer_that_never_comes() {
    let double = Double::new(|_, _| std::thread::park());
    fails(&format!("{}/metrics", double.url), "", "timeout", "timeout");
}

#[test]
fn a_redirect_to_elsewhere() {
    let double = Double::new(|_, stream| {
        answer(stream, "302 Found", "location: http://example.invalid/metrics\r\n", b"");
    });
    fails(
        &format!("{}/metrics", double.url),
        "",
        "redirect",
        "redirected to another host, http://example.invalid/metrics",
    );
}

#[test]
fn a_redirect_is_told_without_the_secrets_in_it() {
    for location in
        ["http://u:hunter2@example.invalid/?t=hunter2", "ftp://hunter2@127.0.0.1/", "//hunter2@127.0.0.1:1/"]
    {
        let headers = format!("location: {location}\r\n");
        let double = Double::new(move |_, stream| answer(stream, "302 Found", &headers, b""));
        let (agent, _gateway) = beside_a_good_one(&format!("{}/metrics?t=hunter2", double.url), "");
        eventually("a failed scrape", || agent.log().contains("scrape failed"));
        let said = agent.log() + &agent.metrics();
        assert!(!said.contains("hunter2"), "{location}: {said}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let double = Double::new(|_, stream| {
        answer(stream, "200 OK", "content-type: text/plain\r\n", b"bad_ 1\nbad_{x=\"\xff\"} 1\n");
    });
    fails(&format!("{}/metrics", double.url), "", "syntax", "line 2, column 9: invalid UTF-8 (byte 0xff)");
}

#[test]
fn a_body_over_the_limit_of_its_bytes() {
    let page = "# bad_\n".repeat(100);
    let packed = service::negotiate::gzip(page.as_bytes());
    for (body, headers, told) in [
        (page.into_bytes(), "", "body is over the limit of 600 bytes"),
        (packed, "content-encoding: gzip\r\n", "body unpacks to more than the limit of 600 bytes"),
    ] {
        let headers = format!("content-type: text/plain\r\n{headers}");
        let double = Double::new(move |_, stream| answer(stream, "200 OK", &headers, &body));
        fails(&format!("{}/metrics", double.url), "limits = { body = \"600B\" }", "body_limit", told);
    }
}

#[test]
fn more_samples_than_allowed() {
    let double = Double::page("bad_a 1\nbad_b 1\nbad_c 1\n");
    let limits = "limits = { samples = 2 }";
    fails(
        &format!("{}/metrics", double.url),
        limits,
        "page_limit",
        "line 3, column 1: samples of 3 is over the limit of 2",
    );
}

#[test]
fn a_format_that_was_not_asked_for() {
    let double = Double::new(|_, stream| {
        let kind = "content-type: application/vnd.google.protobuf; encoding=delimited\r\n";
        answer(stream, "200 OK", kind, b"\x0a\x00");
    });
    let message = "answers application/vnd.google.protobuf; encoding=delimited, which was not asked for";
    fails(&format!("{}/metrics", double.url), "", "content_type", message);
}

#[test]
fn a_page_that_drips_for_longer_than_the_timeout() {
    let double = Double::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n");
        while stream.write_all(b"#").is_ok() {
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
    });
    fails(&format!("{}/metrics", double.url), "", "timeout", "timeout: no whole page within 300ms");
}

#[test]
fn a_page_that_breaks_off() {
    let double = Double::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbad_ 1\n");
    });
    let message = "body cannot be read: end of file before message length reached";
    fails(&format!("{}/metrics", double.url), "", "body", message);
}
