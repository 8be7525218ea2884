//! Starting and stopping: several side by side, settings, signals.

use super::process::{QUICK, run, start};

#[test]
fn two_instances_run_side_by_side() {
    let (first, second) = (start(QUICK), start(QUICK));
    assert_ne!(first.url, second.url);
    first.get("/");
    first.wait_for("app_requests_total", 1.0);
    assert_eq!(second.metric("app_requests_total"), Some(0.0));
}

#[test]
fn a_stop_lets_requests_finish_and_ends_clean() {
    let mut api = start(&[("PUSHPULL_API__WORK__MIN", "500ms"), ("PUSHPULL_API__WORK__MAX", "500ms")]);
    let answer = std::thread::scope(|scope| {
        let request = scope.spawn(|| api.get("/"));
        api.wait_for("http_requests_in_flight", 2.0);
        api.terminate();
        request.join().unwrap()
    });
    assert!(answer.ends_with("{\"message\":\"Olá, mundo!\"}"), "{answer}");
    assert_eq!(api.wait().code(), Some(0));
}

#[test]
fn a_half_sent_head_neither_holds_up_a_stop_nor_counts_as_a_request() {
    let mut api = start(&[QUICK, &[("PUSHPULL_API__SHUTDOWN__GRACE", "5m")]].concat());
    let stream = std::net::TcpStream::connect(api.address()).unwrap();
    std::io::Write::write_all(&mut &stream, b"GET / HTTP/1.1\r\nhost:").unwrap();
    api.wait_for("http_requests_in_flight", 1.0);
    api.terminate();
    assert_eq!(api.wait().code(), Some(0));
}

#[test]
fn a_hangup_stops_as_a_termination_does() {
    let mut api = start(&[("PUSHPULL_API__WORK__MIN", "500ms"), ("PUSHPULL_API__WORK__MAX", "500ms")]);
    let answer = std::thread::scope(|scope| {
        let request = scope.spawn(|| api.get("/"));
        api.wait_for("http_requests_in_flight", 2.0);
        // A closing terminal sends it twice.
        api.signal("-HUP");
        api.signal("-HUP");
        request.join().unwrap()
    });
    assert!(answer.ends_with("{\"message\":\"Olá, mundo!\"}"), "{answer}");
    assert_eq!(api.wait().code(), Some(0));
}

#[test]
fn a_stop_whose_grace_runs_out_says_so() {
    let mut api = start(&[
        ("PUSHPULL_API__WORK__MIN", "60s"),
        ("PUSHPULL_API__WORK__MAX", "60s"),
        ("PUSHPULL_API__SHUTDOWN__GRACE", "100ms"),
    ]);
    let stream = std::net::TcpStream::connect(api.address()).unwrap();
    std::io::Write::write_all(&mut &stream, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    api.wait_for("http_requests_in_flight", 2.0);
    api.terminate();
    assert_eq!(api.wait().code(), Some(1));
}

#[test]
fn a_taken_port_is_named_with_the_way_to_choose_another() {
    let api = start(QUICK);
    let (code, said) = run(&[("PUSHPULL_API__LISTEN", api.address())], &[]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains(&format!("cannot listen on {}", api.address())) && said.contains("--listen"),
        "{said}"
    );
}

#[test]
fn wrong_settings_are_all_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("api.toml");
    std::fs::write(&file, "lissten = \"a\"\n[work]\nmin = \"1s\"\nmax = 5\n").unwrap();
    let (code, said) = run(&[("PUSHPULL_API__LIMITS__BURST", "many")], &["--config", file.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    for part in [
        "api.toml:1:1: unknown key `lissten`: did you mean `listen`?",
        "api.toml:4:7: work.max",
        "LIMITS__BURST",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    // What only all settings together show is told in the same run.
    std::fs::write(&file, "[work]\nmin = \"2s\"\n[log]\nlevel = \"inof\"\n[limits]\nbursd = 1\n").unwrap();
    let tls = [
        ("PUSHPULL_API__TLS__CERT_FILE", "/nowhere/cert.pem"),
        ("PUSHPULL_API__TLS__KEY_FILE", "/nowhere/key.pem"),
        ("PUSHPULL_API__LIMITS__MAX_CONNECTIONS", "18446744073709551615"),
        ("PUSHPULL_API__LIMITS__MAX_IN_FLIGHT", "yes"),
    ];
    let (code, said) = run(&tls, &["--check", "--config", file.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    for part in [
        "api.toml:2:1: work.min: 2s is longer than work.max (500ms, default)",
        "api.toml:4:9: log.level: expected a level such as \"info\" or directives such as \"info,agent=debug\", got \"inof\": did you mean \"info\"?",
        "api.toml:6:1: unknown key `bursd`: did you mean `burst`?",
        "environment variable PUSHPULL_API__TLS__CERT_FILE: tls.cert_file: /nowhere/cert.pem: cannot be read: No such file",
        "environment variable PUSHPULL_API__LIMITS__MAX_CONNECTIONS: limits.max_connections: expected a number from 1 to",
        "environment variable PUSHPULL_API__LIMITS__MAX_IN_FLIGHT: limits.max_in_flight: expected a whole number from 0, got \"yes\"",
    ] {
        assert!(said.contains(part), "{part}\nin\n{said}");
    }
    let (code, said) = run(&[("PUSHPULL_API__WORK__MIN", "2s")], &[]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("environment variable PUSHPULL_API__WORK__MIN: work.min: 2s is longer than"),
        "{said}"
    );
}

#[test]
fn a_check_shows_each_setting_with_its_place() {
    let (code, said) = run(QUICK, &["--check"]);
    assert_eq!(code, Some(0));
    assert!(
        said.contains("# environment variable PUSHPULL_API__WORK__MAX") && said.contains("# default"),
        "{said}"
    );
}
