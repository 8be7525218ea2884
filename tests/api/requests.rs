//! How requests are counted: by route template, and whatever becomes of them.

use super::process::{QUICK, start};

#[test]
fn a_thousand_unknown_paths_add_one_series() {
    let api = start(QUICK);
    for number in 0..1000 {
        api.get(&format!("/unknown/{number}"));
    }
    api.wait_for("http_requests_total{method=\"GET\",route=\"<unknown>\",status=\"404\"}", 1000.0);
    let page = api.get("/metrics");
    assert_eq!(page.lines().filter(|line| line.contains("<unknown>")).count(), 1);
}

#[test]
fn what_alerts_ask_for_is_there_before_the_first_error() {
    let api = start(QUICK);
    for reason in ["rate_limit", "concurrency", "body_size", "body_timeout"] {
        assert_eq!(api.metric(&format!("http_requests_rejected_total{{reason=\"{reason}\"}}")), Some(0.0));
    }
    for status in [200, 429, 500, 503] {
        let series = format!("http_requests_total{{method=\"GET\",route=\"/\",status=\"{status}\"}}");
        assert_eq!(api.metric(&series), Some(0.0), "{series}");
    }
}

#[test]
fn unknown_methods_are_one_label_value() {
    let api = start(QUICK);
    for method in ["BREW", "PROPFIND", "X"] {
        api.raw(&format!("{method} / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
    }
    api.wait_for("http_requests_total{method=\"other\",route=\"/\",status=\"405\"}", 3.0);
}

#[test]
fn head_is_answered_like_get_without_a_body() {
    let api = start(QUICK);
    for path in ["/", "/metrics", "/-/healthy"] {
        let answer = api.raw(&format!("HEAD {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"), "{path}: {answer}");
    }
    api.wait_for("http_requests_total{method=\"HEAD\",route=\"/metrics\",status=\"200\"}", 1.0);
}

#[test]
fn a_client_that_leaves_early_is_counted_and_no_longer_in_flight() {
    let api = start(&[("PUSHPULL_API__WORK__MIN", "60s"), ("PUSHPULL_API__WORK__MAX", "60s")]);
    for _ in 0..5 {
        let stream = std::net::TcpStream::connect(api.address()).unwrap();
        std::io::Write::write_all(&mut &stream, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        // Leaves only once its request is under way: the scrape itself is the other one.
        api.wait_for("http_requests_in_flight", 2.0);
        drop(stream);
        api.wait_for("http_requests_in_flight", 1.0);
    }
    assert_eq!(api.metric("http_requests_total{method=\"GET\",route=\"/\",status=\"499\"}"), Some(5.0));
}
