//! Who is turned away, how they are told, and that scrapes are not.

use super::process::{QUICK, start};

fn with(extra: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [QUICK, extra].concat()
}

#[test]
fn over_the_rate_limit_is_429_with_a_time_to_come_back() {
    let api = start(&with(&[("PUSHPULL_API__LIMITS__REQUESTS_PER_SECOND", "1")]));
    assert!(api.get("/").starts_with("HTTP/1.1 200"));
    let answer = api.get("/");
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(answer.ends_with("{\"error\":\"over the rate limit\",\"status\":429}"), "{answer}");
    for path in ["/metrics", "/-/healthy", "/-/ready"] {
        assert!(api.get(path).starts_with("HTTP/1.1 200"), "{path}");
    }
    assert_eq!(api.metric("http_requests_rejected_total{reason=\"rate_limit\"}"), Some(1.0));
}

#[test]
fn one_request_too_many_at_once_is_503_and_scrapes_still_work() {
    let api = start(&[
        ("PUSHPULL_API__WORK__MIN", "60s"),
        ("PUSHPULL_API__WORK__MAX", "60s"),
        ("PUSHPULL_API__LIMITS__MAX_IN_FLIGHT", "1"),
    ]);
    let busy = std::net::TcpStream::connect(api.address()).unwrap();
    std::io::Write::write_all(&mut &busy, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    api.wait_for("http_requests_in_flight", 2.0);
    let answer = api.get("/");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1\r\n"), "{answer}");
    assert_eq!(api.metric("http_requests_rejected_total{reason=\"concurrency\"}"), Some(1.0));
}

#[test]
fn a_body_over_the_limit_is_413_with_a_length_or_without() {
    let api = start(&with(&[("PUSHPULL_API__LIMITS__MAX_BODY", "4B")]));
    let long = api.raw("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 5\r\n\r\nabcde");
    assert!(
        long.starts_with("HTTP/1.1 413") && long.contains("body of 5 bytes is over the limit of 4"),
        "{long}"
    );
    let chunked = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    let answer = api.raw(&format!("{chunked}5\r\nabcde\r\n0\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let answer = api.raw(&format!("{chunked}4\r\nabcd\r\n0\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(api.metric("http_requests_rejected_total{reason=\"body_size\"}"), Some(2.0));
}

#[test]
fn a_body_that_never_comes_is_408_and_keeps_nobody_out() {
    let limits = [("PUSHPULL_API__LIMITS__MAX_IN_FLIGHT", "1"), ("PUSHPULL_API__LIMITS__BODY_TIMEOUT", "2s")];
    let api = start(&with(&limits));
    let stalled: Vec<_> = (0..5)
        .map(|_| {
            let stream = std::net::TcpStream::connect(api.address()).unwrap();
            let head = b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n";
            std::io::Write::write_all(&mut &stream, head).unwrap();
            stream
        })
        .collect();
    api.wait_for("http_requests_in_flight", 6.0);
    assert!(api.get("/").starts_with("HTTP/1.1 200"));
    for mut stream in stalled {
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("connection: close\r\n"), "{answer}");
        assert!(answer.ends_with("{\"error\":\"body did not come within 2s\",\"status\":408}"), "{answer}");
    }
    assert_eq!(api.metric("http_requests_rejected_total{reason=\"body_timeout\"}"), Some(5.0));
}

#[test]
fn a_head_that_never_ends_is_closed() {
    let api = start(&with(&[("PUSHPULL_API__LIMITS__HEADER_TIMEOUT", "200ms")]));
    // Returns when the server closes; without a limit the test would never end.
    api.raw("GET / HTTP/1.1\r\nhost:");
}

#[test]
fn wrong_paths_and_methods_are_told_as_json() {
    let api = start(QUICK);
    let answer = api.get("/nowhere");
    assert!(
        answer.starts_with("HTTP/1.1 404") && answer.contains("content-type: application/json"),
        "{answer}"
    );
    for path in ["/metrics/", "/-/healthy/", "/-/ready/", "//"] {
        assert!(api.get(path).starts_with("HTTP/1.1 404"), "{path}");
    }
    let answer =
        api.raw("POST /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("allow: GET, HEAD\r\n"), "{answer}");
    assert!(answer.ends_with("\"status\":405}"), "{answer}");
}
