//! Over HTTP: limits, encodings, own metrics, lifecycle, and a scrape that stays valid whatever comes.

use super::{exchange, lines, peers, scrape, start};

fn put(peer: &peers::Peer, path: &str, body: &[u8]) -> (u16, String) {
    peers::request(peer.port, "PUT", path, body).unwrap()
}

#[test]
fn no_push_breaks_the_scrape() {
    let gateway = start(&[]);
    put(&gateway, "/metrics/job/good", b"good 1\n");
    let bad: [(&str, &[u8]); 8] = [
        ("/metrics/job/j/l/%FF", b"a 1\n"),
        ("/metrics/job/j", b"# HELP a \xff\na 1\n"),
        ("/metrics/job/j/le/1", b"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"),
        ("/metrics/job/j/quantile/1", b"# TYPE s summary\ns{quantile=\"1\"} 1\ns_sum 1\ns_count 1\n"),
        ("/metrics/job/j", b"{} 1\n"),
        ("/metrics/job/j", b"a{x=\"\xff\"} 1\n"),
        (
            "/metrics/job/j",
            b"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1\"} 2\nh_sum 1\nh_count 1\n",
        ),
        ("/metrics/job/j", b"good{job=\"good\"} 1\ngood{job=\"x\"} 1\n"),
    ];
    for (path, body) in bad {
        let (status, said) = put(&gateway, path, body);
        assert_eq!(status, 400, "{path} {:?}", String::from_utf8_lossy(body));
        assert!(!said.is_empty());
    }
    // Taken, and without harm: the gateway's own times are not for others to say.
    let forged = b"# TYPE push_failure_time_seconds counter\npush_failure_time_seconds 5\npush_expires_time_seconds{instance=\"\",job=\"good\"} 5\n";
    assert_eq!(put(&gateway, "/metrics/job/forger", forged).0, 200);
    assert_eq!(put(&gateway, "/metrics/job/after", b"labels 1\n").0, 200);
    let page = scrape(&gateway);
    assert_eq!(lines(&page, "good"), ["good{instance=\"\",job=\"good\"} 1"]);
    for own in ["push_failure_time_seconds", "push_expires_time_seconds"] {
        assert!(!lines(&page, own).iter().any(|line| line.ends_with(" 5")), "{own} is forged");
    }
    let (_, printed) = peers::run("promtool", &["check", "metrics"], page.as_bytes());
    // Names and grouping labels are the pushers' own choice; the rest is ours.
    let theirs = |line: &&str| {
        line.starts_with("good") || line.starts_with("labels") || line.contains("should not have")
    };
    let ours = printed.lines().filter(|line| !theirs(line));
    assert_eq!(ours.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn bodies_over_the_limits_are_413_with_the_number() {
    let gateway = start(&[
        "--limit.body=100B",
        "--limit.unpacked-body=1KiB",
        "--limit.push-series=3",
        "--limit.groups=2",
    ]);
    let (status, said) = put(&gateway, "/metrics/job/j", &[b'#'; 101]);
    assert_eq!((status, said.as_str()), (413, "body is over the limit of 100 bytes"));
    let (status, said) = put(&gateway, "/metrics/job/j", b"a 1\nb 1\nc 1\nd 1\n");
    assert_eq!(status, 413);
    assert!(said.contains("samples of 4 is over the limit of 3"), "{said}");
    assert_eq!(put(&gateway, "/metrics/job/a", b"").0, 200);
    assert_eq!(put(&gateway, "/metrics/job/b", b"").0, 200);
    let (status, said) = put(&gateway, "/metrics/job/c", b"");
    assert_eq!((status, said.as_str()), (429, "the limit of 2 groups is reached"));
    assert_eq!(lines(&scrape(&gateway), "pushpull_gateway_groups"), ["pushpull_gateway_groups 2"]);
}

#[test]
fn no_push_takes_more_time_than_its_size_is_worth() {
    let gateway = start(&[]);
    let labels: String = (0..100_000).map(|at| format!("l{at}=\"\",")).collect();
    let (status, said) = put(&gateway, "/metrics/job/j", format!("a{{{labels}}} 1\n").as_bytes());
    assert_eq!(status, 413, "{said}");
    assert!(said.contains("labels of a series of 65 is over the limit of 64"), "{said}");
    // Every series lacks its count, so each is completed.
    let lines: String = (0..50_000).map(|at| format!("h_bucket{{l=\"{at}\",le=\"1\"}} 1\n")).collect();
    let body = format!("# TYPE h histogram\n{lines}");
    let before = cpu_seconds(&gateway);
    assert_eq!(put(&gateway, "/metrics/job/j", body.as_bytes()).0, 200);
    // Quadratic work would take minutes, whatever else the machine does.
    let took = cpu_seconds(&gateway) - before;
    assert!(took < 10.0, "{took} s");
    assert_eq!(lines_of(&gateway, "h_bucket").len(), 100_000);
}

/// The CPU time that a gateway says it has used.
fn cpu_seconds(gateway: &peers::Peer) -> f64 {
    lines_of(gateway, "process_cpu_seconds_total")[0].rsplit_once(' ').unwrap().1.parse().unwrap()
}

fn lines_of(gateway: &peers::Peer, name: &str) -> Vec<String> {
    lines(&scrape(gateway), name).into_iter().map(str::to_owned).collect()
}

#[test]
fn gzip_is_taken_in_any_case_and_a_bomb_is_refused() {
    let gateway = start(&["--limit.unpacked-body=1MiB"]);
    for (body, want) in [(&b"a 1\n".to_vec()[..], 200), (&vec![b'\n'; 2 << 20][..], 413)] {
        let packed = service::negotiate::gzip(body);
        let head = format!(
            "PUT /metrics/job/j HTTP/1.0\r\ncontent-encoding: GZIP\r\ncontent-length: {}\r\n\r\n",
            packed.len()
        );
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
        std::io::Write::write_all(&mut stream, &[head.as_bytes(), &packed].concat()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.0 {want}")), "{answer}");
    }
    assert_eq!(lines(&scrape(&gateway), "a{").len(), 1);
}

#[test]
fn a_chunked_push_is_taken_whole_and_within_the_limit() {
    let gateway = start(&["--limit.body=100B"]);
    let put = |chunks: &str| {
        let head = "PUT /metrics/job/j HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
        exchange(&gateway, format!("{head}{chunks}").as_bytes())
    };
    let answer = put("6\r\na 1\nb \r\n2\r\n2\n\r\n0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let page = scrape(&gateway);
    let held = [lines(&page, "a{"), lines(&page, "b{")].concat();
    assert_eq!(held, ["a{instance=\"\",job=\"j\"} 1", "b{instance=\"\",job=\"j\"} 2"]);
    let long = format!("65\r\n{}\r\n0\r\n\r\n", "#".repeat(0x65));
    assert!(put(&long).starts_with("HTTP/1.1 413"));
    assert_eq!(lines(&scrape(&gateway), "a{").len(), 1, "a refused push changes nothing");
}

#[test]
fn a_body_that_never_comes_is_408() {
    let gateway = start(&["--limit.body-time=200ms"]);
    let answer =
        exchange(&gateway, b"PUT /metrics/job/j HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\na 1\n");
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("body did not come within 200ms"), "{answer}");
}

#[test]
fn a_taken_port_is_named_with_the_way_to_choose_another() {
    let gateway = start(&[]);
    let address = format!("127.0.0.1:{}", gateway.port);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_pushpull-gateway"))
        .arg(format!("--web.listen-address={address}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert!(said.contains("--web.listen-address"), "{said}");
}

#[test]
fn requests_are_counted_under_the_real_ones_names() {
    let gateway = start(&[]);
    put(&gateway, "/metrics/job/j", b"a 1\n");
    put(&gateway, "/metrics/job/j", b"broken");
    peers::request(gateway.port, "DELETE", "/metrics/job/j", b"");
    let page = scrape(&gateway);
    for line in [
        "pushgateway_http_requests_total{code=\"200\",handler=\"push\",method=\"put\"} 1",
        "pushgateway_http_requests_total{code=\"400\",handler=\"push\",method=\"put\"} 1",
        "pushgateway_http_requests_total{code=\"202\",handler=\"delete\",method=\"delete\"} 1",
        "pushgateway_http_push_size_bytes_count{method=\"put\"} 2",
        "pushpull_gateway_refused_pushes_total{reason=\"syntax\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in {page}");
    }
}

#[test]
fn lifecycle_and_admin_are_off_unless_asked_for() {
    let gateway = start(&[]);
    assert_eq!(put(&gateway, "/-/quit", b"").0, 403);
    assert_eq!(put(&gateway, "/api/v1/admin/wipe", b"").0, 404);
    let gateway = start(&["--web.enable-lifecycle", "--web.enable-admin-api"]);
    put(&gateway, "/metrics/job/j", b"a 1\n");
    assert_eq!(put(&gateway, "/api/v1/admin/wipe", b"").0, 202);
    assert!(lines(&scrape(&gateway), "push_time_seconds").is_empty());
    assert_eq!(put(&gateway, "/-/quit", b"").0, 200);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while peers::request(gateway.port, "GET", "/-/ready", b"").is_some() {
        assert!(std::time::Instant::now() < end, "still there");
    }
}

#[test]
fn wrong_flags_are_named() {
    for (flag, part) in [
        ("--web.listen-address=nonsense", "expected an address such as :9091"),
        ("--ttl.default=soon", "expected a duration such as 60s"),
        ("--nonsense", "--nonsense"),
        ("--log.level=inof", "did you mean"),
        ("--log.level=a=b=c", "expected a level such as"),
        ("--limit.connections=18446744073709551615", "expected a number from 1 to"),
        ("--web.telemetry-path=/a/../b", "expected a path of its own such as /metrics"),
        ("--web.telemetry-path=/%6d", "expected a path of its own such as /metrics"),
        ("--limit.body=lots", "expected a number of bytes such as"),
    ] {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_pushpull-gateway")).arg(flag).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{flag}");
        assert!(said.contains(part), "{flag}: {said}");
    }
}

#[test]
fn whoever_says_its_name_is_told_who_pushed_before() {
    let gateway = start(&[]);
    let push = |name: &str| {
        let header = if name.is_empty() { String::new() } else { format!("X-Pushpull-Agent: {name}\r\n") };
        let sent = format!(
            "PUT /metrics/job/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{header}Content-Length: 4\r\n\r\na 1\n"
        );
        let answer = exchange(&gateway, sent.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
            .lines()
            .find_map(|line| line.strip_prefix("x-pushpull-before:").map(|name| name.trim().to_owned()))
    };
    let told = |name: &str| Some(name.to_owned());
    assert_eq!(push("1"), told(""), "nobody");
    assert_eq!(push("2"), told("1"));
    assert_eq!(push(""), None, "who says no name is told none");
    assert_eq!(push("1"), told(""), "nor is its push anybody's");
    assert_eq!(push(&"x".repeat(65)), None, "too long to be kept");
    peers::request(gateway.port, "DELETE", "/metrics/job/a", b"");
    assert_eq!(push("2"), told(""), "another group of the same name");
}
