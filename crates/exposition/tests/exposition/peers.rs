//! Other people's programs, started on free ports of their own and ended with the test.
//!
//! Standard library only: the crate under test knows neither sockets nor tasks.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running peer.
pub(crate) struct Peer {
    child: Child,
    pub(crate) port: u16,
}

impl Peer {
    /// For what `/proc` and signals tell.
    #[allow(dead_code, reason = "those who include this file need not all send any")]
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Prometheus with this configuration, which is kept in the folder with what it stores.
pub(crate) fn prometheus(folder: &Path, config: &str) -> Peer {
    let file = folder.join("prometheus.yml");
    std::fs::write(&file, config).unwrap();
    let arguments = |port| {
        vec![
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ]
    };
    start("prometheus", arguments, "/-/ready")
}

/// Starts a server and waits until it answers on `ready`.
pub(crate) fn start(program: &str, arguments: impl Fn(u16) -> Vec<String>, ready: &str) -> Peer {
    // Somebody else may take the port between our look and the peer's bind: try another then.
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(arguments(port))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {program} ({error}): run `make tools`"));
        let mut peer = Peer { child, port };
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end && peer.child.try_wait().unwrap().is_none() {
            if request(port, "GET", ready, b"").is_some_and(|(status, _)| status == 200) {
                return peer;
            }
            std::thread::yield_now();
        }
    }
    panic!("{program} did not become ready")
}

/// One HTTP exchange: status and body, or none where nobody answers.
pub(crate) fn request(port: u16, method: &str, path: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    // Long enough for a machine that does much else: what takes too long is judged by the CPU's time.
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    let head =
        format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n", body.len());
    // A server may answer and close before it has read the body: what it said counts all the same.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// Serves each page at `/0`, `/1`, … until the process ends; returns the port.
pub(crate) fn serve(pages: Vec<Vec<u8>>, content_type: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or("/").trim_start_matches('/');
            let page = path.parse().ok().and_then(|at: usize| pages.get(at)).cloned().unwrap_or_default();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                page.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&page));
        }
    });
    port
}

/// Runs a program with this input; returns whether it succeeded and all that it printed.
pub(crate) fn run(program: &str, arguments: &[&str], input: &[u8]) -> (bool, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {program} ({error}): run `make tools`"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
}
