//! Targets that mean harm, all at once and under the default limits: little memory, and nobody else waits.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::doubles::{Double, Request, answer};
use super::peers;
use super::process::{eventually, start};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";
/// Long, since 13 threads that pour as fast as they can leave a debug build little of two cores.
const INTERVAL: Duration = Duration::from_secs(2);

/// What a target does, the reason that is counted for it, and what is told.
type Harm = (Box<dyn Fn(&mut TcpStream) + Send + Sync>, &'static str, &'static str);

fn drip(stream: &mut TcpStream, bytes: &[u8]) {
    while stream.write_all(bytes).is_ok() {
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn pour(stream: &mut TcpStream, bytes: &[u8]) {
    while stream.write_all(bytes).is_ok() {}
}

fn harms() -> Vec<Harm> {
    let packed = |text: Vec<u8>| {
        let packed = service::negotiate::gzip(&text);
        move |stream: &mut TcpStream| {
            answer(stream, "200 OK", "content-type: text/plain\r\ncontent-encoding: gzip\r\n", &packed);
        }
    };
    let series: String = (0..1_000_000).map(|at| format!("bad_{{n=\"{at}\"}} 1\n")).collect();
    let many = packed(series.clone().into_bytes());
    let goes = |stream: &mut TcpStream, location: &str| {
        answer(stream, "302 Found", &format!("location: {location}\r\n"), b"");
    };
    vec![
        (
            Box::new(packed(vec![b'\n'; 64 << 20])),
            "page_limit",
            "lines of 401001 is over the limit of 401000",
        ),
        (Box::new(packed(vec![b'#'; 64 << 20])), "page_limit", "is over the limit of 1048576"),
        (
            Box::new(many),
            "page_limit",
            "line 100001, column 1: samples of 100001 is over the limit of 100000",
        ),
        (
            Box::new(move |stream| {
                let _ = stream.write_all(OK).and_then(|()| stream.write_all(series.as_bytes()));
            }),
            "page_limit",
            "samples of 100001 is over the limit of 100000",
        ),
        (
            Box::new(|stream| {
                let _ = stream.write_all(OK);
                pour(stream, &[b'x'; 1 << 14]);
            }),
            "page_limit",
            "bytes in one line",
        ),
        (
            Box::new(|stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
                pour(stream, b"x: y\r\n");
            }),
            "request",
            "cannot be scraped",
        ),
        (
            Box::new(|stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
                drip(stream, b"x: y\r\n");
            }),
            "timeout",
            "timeout",
        ),
        (
            Box::new(|stream| {
                let _ = stream.write_all(OK);
                drip(stream, b"#");
            }),
            "timeout",
            "no whole page within 2s",
        ),
        (Box::new(|_| std::thread::park_timeout(Duration::from_mins(1))), "timeout", "timeout"),
        (
            Box::new(move |stream| goes(stream, "http://example.invalid/")),
            "redirect",
            "redirected to another host",
        ),
        (Box::new(move |stream| goes(stream, "/again")), "redirect", "redirected more than five times"),
        (
            Box::new(|stream| {
                answer(stream, "200 OK", "content-type: text/plain\r\n", b"bad_{x=\"\xff\"} 1\n");
            }),
            "syntax",
            "invalid UTF-8 (byte 0xff)",
        ),
        (Box::new(|stream| pour(stream, b"\x16\x03\x01\xff\xfe\x00")), "request", "cannot be scraped"),
    ]
}

#[test]
fn targets_that_mean_harm_cost_little_memory_and_delay_nobody() {
    let good = Double::page("good 1\n");
    let begun = Arc::new(AtomicBool::new(false));
    let mut settings = format!(
        "interval = \"{INTERVAL:?}\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n[[push]]\nurl = \"{}\"\n\
         [[scrape]]\nurl = \"{}/metrics\"\n",
        Double::gateway().url,
        good.url
    );
    let mut all = Vec::new();
    for (harm, reason, told) in harms() {
        let begins = Arc::clone(&begun);
        // At first it behaves, so that what it costs later can be told.
        let double = Double::new(move |_: &Request, stream| {
            if begins.load(Ordering::SeqCst) {
                harm(stream);
            } else {
                answer(stream, "200 OK", "content-type: text/plain\r\n", b"bad_ 1\n");
            }
        });
        settings.push_str(&format!("[[scrape]]\nurl = \"{}/metrics\"\n", double.url));
        all.push((double, reason, told));
    }
    let agent = start(&settings);
    let pages = || agent.metrics().lines().filter(|line| line.starts_with("bad_{")).count();
    eventually("good pages of all", || pages() == all.len());
    let before = agent.resident();
    let first = good.seen().len();
    begun.store(true, Ordering::SeqCst);
    for (double, reason, _) in &all {
        let source = format!("source=\"{}/metrics\"", double.url);
        let counted = format!("pushpull_agent_collection_failures_total{{reason=\"{reason}\",{source}");
        eventually(&counted, || agent.value(&counted).is_some_and(|count| count >= 3.0));
    }
    let risen = agent.resident() - before;
    assert!(risen < 10 << 10, "{risen} KiB more than {before} KiB");

    for (double, _, told) in &all {
        let name = format!("{}/metrics", double.url);
        // Waited for, since on a busy machine one that answers may be too slow now and then.
        eventually(&format!("{told:?} told of {name}"), || {
            let (_, body) = peers::request(agent.port, "GET", "/api/v1/status", b"").unwrap();
            let status: Value = serde_json::from_str(&body).unwrap();
            let (_, page) = peers::request(agent.port, "GET", "/", b"").unwrap();
            let target = status["targets"].as_array().unwrap().iter().find(|target| target["name"] == *name);
            let target = target.expect(&name);
            let error = target["last_error"].as_str().unwrap_or_default();
            target["up"] == false && error.contains(told) && page.contains(told)
        });
    }
    let times: Vec<_> = good.seen().iter().skip(first).map(|request| request.at).collect();
    let mut gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort();
    // Whoever waited for the four that hang would come after 8 s. The median, since one gap may be the machine's.
    let median = gaps[gaps.len() / 2];
    assert!(median < INTERVAL * 2, "{median:?} between two scrapes of the good target: {gaps:?}");
    for (double, ..) in &all {
        let address = double.url.trim_start_matches("http://");
        assert_eq!(agent.value(&format!("up{{job=\"j\",instance=\"{address}\"")), Some(0.0), "{address}");
    }
}
