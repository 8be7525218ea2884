//! Targets and gateways that answer as they are told, well or badly, and remember what they were sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a double does with a request: writes whatever it likes.
type Answer = Box<dyn Fn(&Request, &mut TcpStream) + Send + Sync>;

#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `PUT /metrics/job/j?ttl=60`
    pub(crate) line: String,
    pub(crate) head: String,
    /// Unpacked.
    pub(crate) body: String,
    /// Requests being answered at the same moment, this one among them.
    pub(crate) at_once: usize,
    pub(crate) at: std::time::Instant,
}

pub(crate) struct Double {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Double {
    /// A server on a port of its own, until the process ends.
    pub(crate) fn new(answer: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    /// The same on this listener.
    pub(crate) fn on(
        listener: TcpListener,
        answer: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, kept): (Arc<Answer>, _) = (Arc::new(Box::new(answer)), Arc::clone(&seen));
        let busy = Arc::new(Mutex::new(0_usize));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, kept, busy) = (Arc::clone(&answer), Arc::clone(&kept), Arc::clone(&busy));
                std::thread::spawn(move || serve(stream, &answer, &kept, &busy));
            }
        });
        Self { url, seen }
    }

    /// A target with this page.
    pub(crate) fn page(body: &str) -> Self {
        let body = body.to_owned();
        Self::new(move |_, stream| {
            answer(stream, "200 OK", "content-type: text/plain; version=0.0.4\r\n", body.as_bytes());
        })
    }

    /// A gateway that takes everything.
    pub(crate) fn gateway() -> Self {
        Self::new(|_, stream| answer(stream, "200 OK", "", b""))
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// The requests that begin like this.
    pub(crate) fn seen_of(&self, start: &str) -> Vec<Request> {
        self.seen().into_iter().filter(|request| request.line.starts_with(start)).collect()
    }
}

fn serve(mut stream: TcpStream, answer: &Answer, kept: &Mutex<Vec<Request>>, busy: &Mutex<usize>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    if head.to_lowercase().contains("content-encoding: gzip") {
        body = service::body::gunzip(&body, 64 << 20).unwrap().to_vec();
    }
    let at_once = {
        let mut busy = busy.lock().unwrap();
        *busy += 1;
        *busy
    };
    let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let request = Request {
        line,
        head,
        body: String::from_utf8_lossy(&body).into_owned(),
        at_once,
        at: std::time::Instant::now(),
    };
    kept.lock().unwrap().push(request.clone());
    answer(&request, &mut stream);
    *busy.lock().unwrap() -= 1;
}

/// A whole answer; the connection is closed after it.
pub(crate) fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}
