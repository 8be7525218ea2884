//! Which URLs have a short way, and how its connections are used again.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::config::Target;

fn direct(url: &str, change: impl FnOnce(&mut Target)) -> Option<Direct> {
    let mut target = Target { proxy_from_environment: false, ..Target::at(url) };
    change(&mut target);
    Transport::new(url, target.transport(), Duration::from_secs(5)).direct()
}

#[test]
fn the_short_way_is_for_plain_http_without_more() {
    for (url, to, host, path) in [
        ("http://a/metrics", "http://a:80/", "a", "/metrics"),
        ("http://a:80", "http://a:80/", "a", "/"),
        ("http://A.b:8080/m?x=1&y=%20#z", "http://a.b:8080/", "a.b:8080", "/m?x=1&y=%20"),
        ("http://[::1]:9/", "http://[::1]:9/", "[::1]:9", "/"),
    ] {
        let Direct { to: leads, host: named, path: asks, .. } = direct(url, |_| {}).unwrap();
        assert_eq!((leads.to_string().as_str(), named.to_str().unwrap()), (to, host), "{url}");
        assert_eq!(asks.to_string(), path, "{url}");
    }
    for url in ["https://a/", "http://user@a/", "http://user:word@a/", "ftp://a/", "a/metrics"] {
        assert!(direct(url, |_| {}).is_none(), "{url}");
    }
    assert!(direct("http://a/", |target| target.proxy_url = Some("http://p:1".to_owned())).is_none());
}

/// Says this to each request, and closes where it says so; `true` for each connection.
fn server(answers: &'static [&'static str]) -> (String, std::sync::mpsc::Receiver<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut answers = answers.iter();
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = sender.send(true);
            loop {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    match stream.read(&mut byte) {
                        Ok(1) => head.push(byte[0]),
                        _ => break,
                    }
                }
                let Some(answer) = answers.next().filter(|_| !head.is_empty()) else { break };
                stream.write_all(answer.as_bytes()).unwrap();
                if answer.contains("close") {
                    break;
                }
            }
            drop(stream);
            let _ = sender.send(false);
        }
    });
    (url, receiver)
}

async fn text(direct: &Direct) -> String {
    let ask = || direct.ask(Method::GET, HeaderMap::new(), Bytes::new());
    let mut reply = match ask().await {
        // It was closed just now, and the runtime has not looked yet.
        Err(fault) if fault.is_closed_early() => ask().await.unwrap(),
        reply => reply.unwrap(),
    };
    let mut text = Vec::new();
    while let Some(chunk) = reply.chunk().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    direct.keep(reply);
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_connection_is_used_again_while_it_is_there() {
    const CHUNKED: &str =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    const LENGTH: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab";
    const CLOSE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end";
    // Says nothing of closing, and does so.
    const LEAVES: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nclose";
    let (url, connections) = server(&[CHUNKED, LENGTH, CLOSE, LENGTH, LEAVES, LENGTH]);
    let direct = direct(&url, |_| {}).unwrap();
    for (said, opens, closes) in [
        ("abcde", true, false),
        ("ab", false, false),
        ("until the end", false, true),
        ("ab", true, false),
        ("close", false, true),
        ("ab", true, false),
    ] {
        assert_eq!(text(&direct).await, said);
        if opens {
            assert!(connections.recv().unwrap());
        }
        if closes {
            assert!(!connections.recv().unwrap());
        }
        assert!(connections.try_recv().is_err(), "{said}");
    }
    assert_eq!(direct.idle().connections.len(), 1);
}

#[tokio::test]
async fn without_keep_alive_none_is_kept() {
    let (url, _connections) = server(&["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab"]);
    let direct = direct(&url, |target| target.keep_alive = Duration::ZERO).unwrap();
    assert_eq!(text(&direct).await, "ab");
    assert!(direct.idle().connections.is_empty());
}
