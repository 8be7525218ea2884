//! The real one's command line, and what hangs on it: prefix, listeners, the API's status.

use std::collections::BTreeSet;

use super::{exchange, peers, start};

fn get(port: u16, method: &str, path: &str) -> (u16, String) {
    peers::request(port, method, path, b"").unwrap()
}

/// One command line for both, as Debian's `ARGS` has it.
fn both(flags: &[&str], ready: &str) -> [peers::Peer; 2] {
    [env!("CARGO_BIN_EXE_pushpull-gateway"), "prometheus-pushgateway"].map(|program| {
        let arguments = |port| {
            // Without the second one Debian's keeps groups in a file of the machine's.
            let own = [format!("--web.listen-address=127.0.0.1:{port}"), "--persistence.file=".to_owned()];
            own.into_iter().chain(flags.iter().map(|flag| (*flag).to_owned())).collect()
        };
        peers::start(program, arguments, ready)
    })
}

#[test]
fn one_command_line_gives_both_the_same_paths() {
    let flags = [
        "--web.external-url",
        "http://push.example/a/b/",
        "--web.telemetry-path=/t",
        "--web.enable-admin-api",
        "--no-web.enable-lifecycle",
        "--web.config.file=",
        "--push.disable-consistency-check",
        "--log.level=error",
        "--log.format",
        "json",
    ];
    let [ours, real] = both(&flags, "/a/b/-/ready");
    for (method, path) in [
        ("GET", "/a/b"),
        ("PUT", "/a/b"),
        ("GET", "/a/b/"),
        ("GET", "/"),
        ("GET", "/metrics"),
        ("GET", "/a/b/t"),
        ("GET", "/a/b/t/"),
        ("HEAD", "/a/b/t"),
        ("GET", "/a/bt"),
        ("GET", "/a"),
        ("GET", "/a/b//t"),
        ("GET", "/a/b/../b/t"),
        ("GET", "/a/b/-/healthy"),
        ("GET", "/-/healthy"),
        ("PUT", "/metrics/job/j"),
        ("PUT", "/a/b/metrics/job/"),
        ("PUT", "/a/b/-/quit"),
        ("PUT", "/a/b/api/v1/admin/wipe"),
        ("GET", "/a/b/api/v1/status"),
        ("OPTIONS", "/a/b/api/v1/status"),
    ] {
        let location = |port| {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            );
            let peer = if port == ours.port { &ours } else { &real };
            let answer = exchange(peer, head.as_bytes());
            let status = answer.split(' ').nth(1).unwrap().to_owned();
            let to = answer
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("location: ").map(str::to_owned));
            (status, to)
        };
        assert_eq!(location(ours.port), location(real.port), "{method} {path}");
    }
    // Unchecked, the real one answers before it has stored; ours has always stored by then.
    assert_eq!(peers::request(ours.port, "PUT", "/a/b/metrics/job/j", b"a 1\n").unwrap().0, 200);
}

#[test]
fn the_status_has_every_key_that_the_real_one_has() {
    let [ours, real] = both(&["--web.route-prefix=p"], "/p/-/ready").map(|peer| {
        let (status, body) = get(peer.port, "GET", "/p/api/v1/status");
        assert_eq!(status, 200);
        serde_json::from_str::<serde_json::Value>(&body).unwrap()
    });
    let keys = |value: &serde_json::Value| -> BTreeSet<String> {
        let all = ["flags", "build_information"].map(|part| value["data"][part].as_object().unwrap());
        assert!(all.iter().all(|part| part.values().all(serde_json::Value::is_string)), "{value}");
        all.into_iter().flat_map(|part| part.keys().cloned()).collect()
    };
    let (we, they) = (keys(&ours), keys(&real));
    assert_eq!(they.difference(&we).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(ours["data"]["flags"]["web.route-prefix"], real["data"]["flags"]["web.route-prefix"]);
    assert!(ours["data"]["start_time"].as_str().unwrap().ends_with('Z'));
}

/// Binds a socket and hands it over, as systemd does (`sd_listen_fds(3)`).
const HAND_OVER: &str = "
import os, socket, sys
listener = socket.socket()
listener.bind(('127.0.0.1', int(sys.argv[2])))
listener.listen()
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], [sys.argv[1], '--web.systemd-socket'])
";

#[test]
fn a_socket_of_systemds_is_served_on() {
    let arguments = |port: u16| {
        ["-c", HAND_OVER, env!("CARGO_BIN_EXE_pushpull-gateway"), &port.to_string()]
            .map(str::to_owned)
            .to_vec()
    };
    let gateway = peers::start("python3", arguments, "/-/ready");
    assert_eq!(peers::request(gateway.port, "PUT", "/metrics/job/j", b"a 1\n").unwrap().0, 200);
    let gateway = env!("CARGO_BIN_EXE_pushpull-gateway");
    let (success, said) = peers::run(gateway, &["--web.systemd-socket"], b"");
    assert!(!success && said.contains("expected sockets in LISTEN_FDS, got none"), "{said}");
}

#[test]
fn several_addresses_are_one_gateway() {
    let second = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gateway = start(&[&format!("--web.listen-address=127.0.0.1:{second}")]);
    assert_eq!(peers::request(second, "PUT", "/metrics/job/j", b"a 1\n").unwrap().0, 200);
    assert!(super::scrape(&gateway).contains("a{instance=\"\",job=\"j\"} 1\n"));
}

#[test]
fn a_page_of_another_site_ends_nothing() {
    let gateway = start(&["--web.enable-lifecycle", "--web.enable-admin-api"]);
    for (method, path) in [
        ("PUT", "/-/quit"),
        ("PUT", "/api/v1/admin/wipe"),
        ("POST", "/-/reload"),
        ("DELETE", "/api/v1/groups?job=j"),
        ("DELETE", "/metrics/job/j"),
        ("POST", "/metrics/job/j"),
    ] {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nsec-fetch-site: cross-site\r\nconnection: close\r\n\r\n"
        );
        assert!(exchange(&gateway, head.as_bytes()).starts_with("HTTP/1.1 403"), "{path}");
    }
    let head = "OPTIONS /api/v1/status HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = exchange(&gateway, head.as_bytes());
    assert!(answer.contains("access-control-allow-methods: GET, OPTIONS\r\n"), "{answer}");
}
