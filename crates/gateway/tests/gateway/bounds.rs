//! Every bound answers with its number, is counted, and ends with what it bounds.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::{exchange, lines, peers, scrape, start};

fn push(peer: &peers::Peer, method: &str, path: &str, body: &str) -> (u16, String) {
    peers::request(peer.port, method, path, body.as_bytes()).unwrap()
}

#[test]
fn what_is_held_is_bounded_by_group_and_by_all() {
    let gateway = start(&["--limit.group-series=3", "--limit.stored-bytes=200B"]);
    assert_eq!(push(&gateway, "POST", "/metrics/job/j", "a 1\nb 1\n").0, 200);
    // Each push is small enough; the group is not.
    let refused = push(&gateway, "POST", "/metrics/job/j", "c 1\nd 1\n");
    assert_eq!(refused, (413, "the group would hold 4 series, over the limit of 3".to_owned()));
    assert_eq!(push(&gateway, "POST", "/metrics/job/j", "a 2\nc 1\n").0, 200);
    assert_eq!(push(&gateway, "PUT", "/metrics/job/j", "a 1\n").0, 200);
    let long = format!("e{{l=\"{}\"}} 1\n", "x".repeat(200));
    let (status, said) = push(&gateway, "PUT", "/metrics/job/k", &long);
    assert_eq!(status, 429);
    assert!(
        said.starts_with("all groups would hold ") && said.ends_with(" bytes, over the limit of 200"),
        "{said}"
    );
    let head = format!("PUT /metrics/job/k?ttl=9 HTTP/1.0\r\ncontent-length: {}\r\n\r\n{long}", long.len());
    assert!(exchange(&gateway, head.as_bytes()).contains("retry-after: 60\r\n"));
    let page = scrape(&gateway);
    for (reason, count) in [("group_series", 1), ("stored_bytes", 2)] {
        let line = format!("pushpull_gateway_refused_pushes_total{{reason=\"{reason}\"}} {count}");
        assert!(page.lines().any(|found| found == line), "{line}");
    }
    let text = "a{instance=\"\",job=\"j\"} 1\n".len();
    assert_eq!(
        lines(&page, "pushpull_gateway_stored_bytes"),
        [format!("pushpull_gateway_stored_bytes {text}")]
    );
    push(&gateway, "DELETE", "/metrics/job/j", "");
    assert_eq!(
        lines(&scrape(&gateway), "pushpull_gateway_stored_bytes"),
        ["pushpull_gateway_stored_bytes 0"]
    );
}

#[test]
fn names_and_values_are_bounded() {
    let gateway = start(&[
        "--limit.metric-name=5B",
        "--limit.label-name=5B",
        "--limit.label-value=5B",
        "--limit.help=5B",
        "--limit.body=1MiB",
    ]);
    for (body, what) in [
        ("abcdef 1\n", "name"),
        ("a{abcdef=\"\"} 1\n", "label"),
        ("a{a=\"abcdef\"} 1\n", "value"),
        ("# HELP a abcdef\na 1\n", "the help of `a` has 6 bytes"),
    ] {
        let (status, said) = push(&gateway, "PUT", "/metrics/job/j", body);
        assert!(
            status == 413 && said.contains("limit of 5") && said.contains(what),
            "{body}: {status} {said}"
        );
    }
    let body = "# HELP abcde abcde\nabcde{abcde=\"abcde\"} 1\n";
    assert_eq!(push(&gateway, "PUT", "/metrics/job/j", body).0, 200);
}

#[test]
fn help_counts_in_what_is_held() {
    let gateway = start(&["--limit.stored-bytes=5KiB"]);
    let body = |name: &str| format!("# HELP {name} {}\n{name} 1\n", "x".repeat(4096));
    assert_eq!(push(&gateway, "PUT", "/metrics/job/j", &body("a")).0, 200);
    assert_eq!(push(&gateway, "PUT", "/metrics/job/k", &body("b")).0, 429);
    let text = 4096 + "a{instance=\"\",job=\"j\"} 1\n".len();
    let line = format!("pushpull_gateway_stored_bytes {text}");
    assert_eq!(lines(&scrape(&gateway), "pushpull_gateway_stored_bytes"), [line]);
    push(&gateway, "DELETE", "/metrics/job/j", "");
    assert_eq!(push(&gateway, "PUT", "/metrics/job/k", &body("b")).0, 200);
}

#[test]
fn heads_that_stall_and_heads_that_do_not_end_are_cut() {
    let gateway = start(&["--limit.header-time=200ms"]);
    assert_eq!(exchange(&gateway, b"PUT /metrics/job/j HTTP/1.1\r\nhost: a\r\n"), "");
    let page = scrape(&gateway);
    let slow = "pushpull_gateway_rejected_connections_total{reason=\"slow_head\"} 1";
    assert!(page.lines().any(|line| line == slow), "{page}");
    // The rest of a head that is too long is not read, and closing on it may cost the answer.
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
    let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(300 << 10));
    let _ = stream.write_all(head.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[test]
fn a_connection_that_is_idle_for_too_long_is_closed() {
    let gateway = start(&["--limit.idle-time=100ms"]);
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
    stream.write_all(b"GET /-/healthy HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    // Ends when the gateway closes, which nobody asked for.
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("OK"), "{answer}");
}

#[test]
fn keys_and_series_have_bounds_of_their_own() {
    let gateway = start(&["--limit.key-bytes=20B", "--limit.key-labels=2", "--limit.series-labels=4"]);
    for (path, body, want) in [
        ("/metrics/job/a/b/1234567890123456", "a 1\n", "key of 21 bytes is over the limit of 20"),
        ("/metrics/job/a/b/1/c/2/d/3", "a 1\n", "key of 3 labels besides the job is over the limit of 2"),
        ("/metrics/job/a", "a{b=\"\",c=\"\",d=\"\",e=\"\",f=\"\"} 1\n", "over the limit of 4"),
    ] {
        let (status, said) = push(&gateway, "PUT", path, body);
        assert!(status == 413 && said.contains(want), "{path}: {status} {said}");
    }
    assert_eq!(push(&gateway, "PUT", "/metrics/job/a/b/12345678901234/c/", "a{d=\"\"} 1\n").0, 200);
    let counted = "pushpull_gateway_refused_pushes_total{reason=\"too_large\"} 3";
    assert!(scrape(&gateway).lines().any(|line| line == counted));
}

#[test]
fn an_answer_without_room_is_503_and_counted() {
    let gateway = start(&["--limit.bytes-in-flight=64KiB"]);
    for job in ["j", "k"] {
        let body = format!("a{{l=\"{}\"}} 1\n", "x".repeat(40_000));
        assert_eq!(push(&gateway, "PUT", &format!("/metrics/job/{job}"), &body).0, 200);
    }
    let refused = push(&gateway, "GET", "/metrics", "");
    assert_eq!(refused, (503, "too many scrapes are being read".to_owned()));
    let packed = [("Accept-Encoding", "gzip")];
    assert_eq!(crate::raw::send(gateway.port, "GET", "/metrics", &packed, b"").unwrap().status, 200);
    assert_eq!(push(&gateway, "DELETE", "/metrics/job/k", "").0, 202);
    let counted = "pushpull_gateway_refused_answers_total 1";
    assert!(scrape(&gateway).lines().any(|line| line == counted));
}

/// The most memory that the process ever had, in bytes (`proc_pid_status(5)`).
fn peak(gateway: &peers::Peer) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn a_bomb_costs_next_to_nothing() {
    let gateway = start(&[]);
    let send = |body: &[u8]| {
        let head = format!(
            "PUT /metrics/job/j HTTP/1.0\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        exchange(&gateway, &[head.as_bytes(), body].concat())
    };
    // Threads, their heaps, and the pages of the program itself are there after honest bodies of its size.
    let honest: String =
        (0..40_000_u64).map(|at| format!("#{}\n", at.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let honest = service::negotiate::gzip(&honest.as_bytes()[..260_000]);
    assert!(honest.len() > 97_000, "{}", honest.len());
    for _ in 0..20 {
        send(&honest);
    }
    let bomb = service::negotiate::gzip(&vec![b'\n'; 80 << 20]);
    assert!(bomb.len() > 97_000, "{}", bomb.len());
    let before = peak(&gateway);
    for _ in 0..3 {
        let answer = send(&bomb);
        assert!(
            answer.starts_with("HTTP/1.0 413") && answer.ends_with("limit of 67108864 bytes"),
            "{answer}"
        );
    }
    let cost = peak(&gateway) - before;
    assert!(cost < 1 << 20, "{cost} bytes");
}
