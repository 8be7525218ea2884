//! What a hostile client can cost: no more than its bytes are worth, and nobody else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{exchange, lines, peers, scrape, start};

fn put(peer: &peers::Peer, path: &str, body: &[u8]) -> (u16, String) {
    peers::request(peer.port, "PUT", path, body).unwrap()
}

/// As many bytes of memory as the process ever had, at the most.
fn resident(gateway: &peers::Peer) -> f64 {
    let page = scrape(gateway);
    lines(&page, "process_resident_memory_bytes")[0].rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[test]
fn a_long_key_does_not_multiply_a_push() {
    let gateway = start(&[]);
    let body: String = (0..20_000).map(|at| format!("a{{l=\"{at}\"}} 1\n")).collect();
    let before = resident(&gateway);
    let long = "x".repeat(60_000);
    let (status, said) = put(&gateway, &format!("/metrics/job/j/long/{long}"), body.as_bytes());
    assert_eq!(status, 413);
    assert_eq!(said, "a grouping key of 60008 bytes is over the limit of 4096");
    let many: String = (0..65).map(|at| format!("/l{at}/v")).collect();
    let (status, said) = put(&gateway, &format!("/metrics/job/j{many}"), body.as_bytes());
    assert_eq!(status, 413);
    assert_eq!(said, "a grouping key of 65 labels besides the job is over the limit of 64");
    // Within the limits of a key, but not with all the series that get it.
    let path = format!("/metrics/job/j/long/{}", "x".repeat(4_000));
    let (status, said) = put(&gateway, &path, body.as_bytes());
    assert_eq!(status, 413);
    assert!(said.ends_with("page with all its labels is over the limit of 67108864 bytes"), "{said}");
    assert!(resident(&gateway) - before < 128.0 * 1024.0 * 1024.0);
    assert!(lines(&scrape(&gateway), "push_time_seconds").is_empty());
}

#[test]
fn failed_pushes_take_no_good_ones_place() {
    let gateway = start(&["--limit.groups=3", "--ttl.failed=100s"]);
    for at in 0..5 {
        assert_eq!(put(&gateway, &format!("/metrics/job/bad{at}?ttl=99y"), b"a 1 1\n").0, 400);
    }
    let page = scrape(&gateway);
    assert_eq!(lines(&page, "push_failure_time_seconds").len(), 3, "{page}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    for line in lines(&page, "push_expires_time_seconds") {
        let end: f64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        assert!(end < now + 101.0, "{line} outlives --ttl.failed");
    }
    for at in 0..3 {
        assert_eq!(put(&gateway, &format!("/metrics/job/good{at}"), b"").0, 200);
    }
    assert_eq!(put(&gateway, "/metrics/job/good3", b"").0, 429);
    assert_eq!(put(&gateway, "/metrics/job/bad", b"a 1 1\n").0, 400);
    let page = scrape(&gateway);
    let groups = lines(&page, "push_time_seconds");
    assert!(groups.len() == 3 && groups.iter().all(|line| line.contains("job=\"good")), "{groups:?}");
}

#[test]
fn unknown_methods_are_one_label_value() {
    let gateway = start(&[]);
    for method in ["BREW", "WHEN", "PROPFIND"] {
        peers::request(gateway.port, method, "/metrics/job/j", b"");
    }
    let page = scrape(&gateway);
    assert_eq!(
        lines(&page, "pushgateway_http_requests_total{code=\"405\""),
        ["pushgateway_http_requests_total{code=\"405\",handler=\"push\",method=\"other\"} 3"]
    );
}

#[test]
fn a_redirect_leads_nowhere_else() {
    let gateway = start(&[]);
    for (path, location) in [
        ("//%5Cevil.com/", "/%5Cevil.com/"),
        ("//metrics/job/a%7Cb%5E?ttl=60", "/metrics/job/a%7Cb%5E?ttl=60"),
    ] {
        let head = format!("PUT {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = exchange(&gateway, head.as_bytes());
        assert!(
            answer.starts_with("HTTP/1.1 301") && answer.contains(&format!("location: {location}\r\n")),
            "{answer}"
        );
    }
}

#[test]
fn heavy_pushes_hold_up_no_probe() {
    let gateway = start(&[]);
    let labels = |order: &mut dyn Iterator<Item = usize>| -> String {
        order.map(|at| format!("l{at}=\"\",")).collect()
    };
    // Each line has its labels in another order than the one before it.
    let (up, down) = (labels(&mut (0..60)), labels(&mut (0..60).rev()));
    let body: String =
        (0..1_000).map(|at| format!("a{{{up}x=\"{at}\"}} 1\na{{{down}x=\"-{at}\"}} 1\n")).collect();
    let packed = service::negotiate::gzip(body.as_bytes());
    let head = format!(
        "PUT /metrics/job/j HTTP/1.0\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        packed.len()
    );
    let sent = [head.as_bytes(), &packed].concat();
    let mut pushes: Vec<TcpStream> = (0..6)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
            stream.write_all(&sent).unwrap();
            stream
        })
        .collect();
    let mut slowest = Duration::ZERO;
    for stream in &mut pushes {
        let began = Instant::now();
        assert_eq!(peers::request(gateway.port, "GET", "/-/healthy", b"").unwrap().0, 200);
        slowest = slowest.max(began.elapsed());
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    }
    assert!(slowest < Duration::from_secs(2), "a probe took {slowest:?}");
}

#[test]
fn bodies_that_are_coming_take_no_more_room_than_there_is() {
    let gateway = start(&["--limit.bytes-in-flight=1MiB"]);
    let begin = |bytes: usize| {
        let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
        stream.write_all(b"PUT /metrics/job/j HTTP/1.0\r\ncontent-length: 900001\r\n\r\n").unwrap();
        stream.write_all(&vec![b'\n'; bytes]).unwrap();
        stream
    };
    let mut stalled = begin(900_000);
    let end = Instant::now() + Duration::from_secs(20);
    while lines(&scrape(&gateway), "pushpull_gateway_body_bytes") != ["pushpull_gateway_body_bytes 900096"] {
        assert!(Instant::now() < end, "its room is not taken");
    }
    let refused = put(&gateway, "/metrics/job/k", &vec![b'\n'; 500_000]);
    assert_eq!(refused, (503, "too many bodies are being received".to_owned()));
    assert_eq!(peers::request(gateway.port, "GET", "/-/healthy", b"").unwrap().0, 200);
    stalled.write_all(b"\n").unwrap();
    let mut answer = String::new();
    stalled.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    assert_eq!(put(&gateway, "/metrics/job/k", &vec![b'\n'; 500_000]).0, 200, "the room is not given back");
}
