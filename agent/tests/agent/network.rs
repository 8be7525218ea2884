//! Connections: reused, through no proxy where none belongs, and without certificates.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::doubles::Double;
use super::process::{eventually, start, start_with};

/// Answers once on each connection, and closes it when the next request is there or half there.
fn closes_when_used_again(stream: &mut TcpStream, whole: bool) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    let _ =
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\na 1\n");
    // Closed with bytes unread it is a reset, else an end.
    let mut rest = vec![0; if whole { 4096 } else { 1 }];
    let _ = stream.read(&mut rest);
}

#[test]
fn a_connection_that_closes_just_when_it_is_used_again_is_no_failed_scrape() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let nth = count.fetch_add(1, Ordering::SeqCst);
            closes_when_used_again(&mut stream, nth.is_multiple_of(2));
        }
    });
    let gateway = Double::gateway();
    let agent = start(&format!(
        "interval = \"300ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"http://{target}/metrics\"\ntimeout = \"300ms\"\n[push]\nurl = \"{}\"\n",
        gateway.url
    ));
    eventually("scrapes", || gateway.seen_of("PUT /metrics/job/j").len() > 10);
    assert!(connections.load(Ordering::SeqCst) > 5, "connections were not used again");
    let pushed = gateway.seen_of("PUT /metrics/job/j");
    assert!(pushed.iter().all(|put| put.body.contains("up 1\n")), "{}", agent.log());
}

#[test]
fn proxies_of_the_environment_are_not_for_the_loopback() {
    let (target, gateway, proxy) = (Double::page("a 1\n"), Double::gateway(), Double::gateway());
    let settings = format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n\
         [[scrape]]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\ninstance = \"near\"\n\
         [[scrape]]\nurl = \"http://far.invalid/metrics\"\ntimeout = \"200ms\"\n\
         [push]\nurl = \"{}\"\n",
        target.url, gateway.url
    );
    let env = ["http_proxy", "HTTP_PROXY", "ALL_PROXY"].map(|name| (name, proxy.url.as_str()));
    let _agent = start_with(&settings, &env);
    eventually("a push", || !gateway.seen_of("PUT /metrics/job/j/instance/near").is_empty());
    // What is elsewhere does go through it.
    eventually("a scrape by proxy", || !proxy.seen().is_empty());
    assert!(proxy.seen().iter().all(|request| request.line.contains("far.invalid")), "{:?}", proxy.seen());
}

#[test]
fn without_certificates_only_what_needs_them_fails_and_is_named() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let empty = tempfile::tempdir().unwrap();
    let none = empty.path().join("none.pem");
    std::fs::write(&none, "").unwrap();
    let settings = format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n\
         [[scrape]]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\ninstance = \"plain\"\n\
         [[scrape]]\nurl = \"https://127.0.0.1:1/metrics\"\ntimeout = \"200ms\"\ninstance = \"tls\"\n\
         [[push]]\nurl = \"{}\"\n[[push]]\nurl = \"https://127.0.0.1:1\"\n",
        target.url, gateway.url
    );
    let env = [("SSL_CERT_FILE", none.to_str().unwrap()), ("SSL_CERT_DIR", empty.path().to_str().unwrap())];
    let agent = start_with(&settings, &env);
    let pushed = |instance: &str| gateway.seen_of(&format!("PUT /metrics/job/j/instance/{instance}"));
    eventually("pushes", || pushed("plain").len() > 2 && pushed("tls").len() > 2);
    assert!(pushed("plain").iter().all(|put| put.body.contains("up 1\n")));
    assert!(pushed("tls").iter().all(|put| put.body.contains("up 0\n")));
    let log = agent.log();
    for url in ["https://127.0.0.1:1/metrics", "https://127.0.0.1:1"] {
        assert!(log.contains(&format!("no TLS client for {url}: ")), "{log}");
    }
}
