//! What our servers do at signals, as a container's runtime or a closed terminal sends them.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use super::started::signal;
use super::{binary, eventually};

/// An API whose work takes far longer than a test, and its port.
fn api() -> (Child, u16) {
    let mut child = Command::new(binary("pushpull-api"))
        .args(["--listen", "127.0.0.1:0"])
        .env("PUSHPULL_API__WORK__MIN", "50s")
        .env("PUSHPULL_API__WORK__MAX", "50s")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().rsplit_once(':').unwrap().1.parse().unwrap();
    (child, port)
}

fn code(child: &mut Child) -> Option<i32> {
    let mut code = None;
    eventually("its end", || {
        code = child.try_wait().unwrap().map(|status| status.code());
        code.is_some()
    });
    code.flatten()
}

#[test]
fn a_hangup_stops_as_cleanly_as_a_termination() {
    for name in ["-HUP", "-TERM", "-INT"] {
        let (mut child, _) = api();
        signal(child.id(), name);
        assert_eq!(code(&mut child), Some(0), "{name}");
    }
}

#[test]
fn a_second_signal_ends_at_once_and_says_that_something_was_left() {
    let (mut child, port) = api();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: api\r\n\r\n").unwrap();
    eventually("the request under way", || {
        let page = super::peers::request(port, "GET", "/metrics", b"").unwrap_or_default().1;
        // The scrape itself is in flight, too.
        page.lines().any(|line| line == "http_requests_in_flight 2")
    });
    signal(child.id(), "-TERM");
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    while !said.contains("a second signal ends at once") {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "{said}");
    }
    signal(child.id(), "-TERM");
    assert_eq!(code(&mut child), Some(1));
    lines.read_to_string(&mut said).unwrap();
    assert!(said.contains("ended before everything was finished"), "{said}");
}
