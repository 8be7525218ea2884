//! Servers for the load: each path misbehaves in its own way, and every request is counted.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server on a port of its own; it lives as long as the test's process.
pub(super) struct Double {
    pub(super) port: u16,
    /// Whole requests that came.
    pub(super) seen: Arc<AtomicU64>,
}

/// When the server does nothing at all: from this request on, for so long.
#[derive(Clone, Copy)]
pub(super) struct Stall {
    pub(super) at: u64,
    pub(super) time: Duration,
}

pub(super) fn start(stall: Option<Stall>, tls: Option<Arc<ServerConfig>>) -> Double {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(AtomicU64::new(0));
    let (counter, stalled) = (Arc::clone(&seen), Arc::new(Mutex::new(())));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (counter, stalled, tls) = (Arc::clone(&counter), Arc::clone(&stalled), tls.clone());
            let handle = move || match tls {
                None => serve(stream, &counter, &stalled, stall),
                Some(tls) => {
                    let session = ServerConnection::new(tls).unwrap();
                    serve(StreamOwned::new(session, stream), &counter, &stalled, stall);
                }
            };
            std::thread::spawn(handle);
        }
    });
    Double { port, seen }
}

impl Double {
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }
}

/// A port where nobody listens.
pub(super) fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

trait Stream: Read + Write {
    fn tcp(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn tcp(&self) -> &TcpStream {
        &self.sock
    }
}

fn serve(mut stream: impl Stream, seen: &AtomicU64, stalled: &Mutex<()>, stall: Option<Stall>) {
    stream.tcp().set_nodelay(true).unwrap();
    loop {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return,
            }
            if head == b"GET /reset" {
                seen.fetch_add(1, Ordering::SeqCst);
                // What is not read yet makes the kernel reset the connection.
                return;
            }
        }
        let number = seen.fetch_add(1, Ordering::SeqCst);
        if let Some(stall) = stall {
            let _held = stalled.lock().unwrap();
            if number == stall.at {
                wait(stall.time);
            }
        }
        let path = String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned();
        let (answer, stays) = match path.as_str() {
            "/missing" => ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", true),
            "/body" => ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", false),
            "/garbage" => ("this is no HTTP\r\n\r\n", false),
            "/closed" => ("", false),
            "/hang" => {
                wait(Duration::from_mins(1));
                ("", false)
            }
            "/once" => ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false),
            "/chunked" => ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true),
            _ => ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", true),
        };
        if stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()).is_err() || !stays {
            return;
        }
    }
}

fn wait(time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        std::thread::park_timeout(left);
    }
}
