//! A target and gateway in one that suffers from a fault for as long as the test says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::doubles::answer;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    None,
    /// Nobody listens.
    Refuses,
    /// Takes a request and says nothing.
    Hangs,
    /// Answers a scrape with half of a page and a push with nothing, and resets the connection.
    Resets,
    Answers(&'static str),
    /// Takes a push only after several intervals; a page drips for ever.
    Slow,
}

#[derive(Clone)]
pub(crate) struct Faulty {
    pub(crate) url: String,
    fault: Arc<Mutex<Fault>>,
    /// What its page counts.
    pub(crate) count: Arc<AtomicU64>,
    /// The bodies that it took.
    taken: Arc<Mutex<Vec<String>>>,
}

impl Faulty {
    pub(crate) fn new() -> Self {
        static HOST: AtomicU8 = AtomicU8::new(1);
        // An address of its own keeps its port free while nobody listens there.
        let host = [127, 77, 0, HOST.fetch_add(1, Ordering::SeqCst)];
        let listener = TcpListener::bind(SocketAddr::from((host, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let faulty = Self {
            url: format!("http://{address}"),
            fault: Arc::new(Mutex::new(Fault::None)),
            count: Arc::new(AtomicU64::new(1)),
            taken: Arc::default(),
        };
        let served = faulty.clone();
        std::thread::spawn(move || served.listen(listener));
        faulty
    }

    /// From now on it suffers from this.
    pub(crate) fn suffers(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Whether it took a body with this line.
    pub(crate) fn took(&self, line: &str) -> bool {
        self.taken.lock().unwrap().iter().any(|body| body.lines().any(|found| found == line))
    }

    fn is(&self, fault: Fault) -> bool {
        *self.fault.lock().unwrap() == fault
    }

    fn listen(&self, first: TcpListener) {
        let address = first.local_addr().unwrap();
        let mut listener = Some(first);
        // Until its test is over: one hold is this thread's own.
        while Arc::strong_count(&self.fault) > 1 {
            if self.is(Fault::Refuses) {
                listener = None;
            } else if let Some(listener) = &listener {
                listener.set_nonblocking(true).unwrap();
                if let Ok((stream, _)) = listener.accept() {
                    let served = self.clone();
                    std::thread::spawn(move || served.serve(stream));
                    continue;
                }
            } else {
                listener = TcpListener::bind(address).ok();
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    fn serve(&self, mut stream: TcpStream) {
        let fault = *self.fault.lock().unwrap();
        stream.set_nonblocking(false).unwrap();
        let mut head = vec![0];
        if stream.read_exact(&mut head).is_err() {
            return;
        }
        let is_scrape = head == *b"G";
        if fault == Fault::Resets {
            if is_scrape {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nc 1\n");
            }
            // Closed with bytes unread it is a reset.
            return;
        }
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if stream.read_exact(&mut body).is_err() {
            return;
        }
        match fault {
            Fault::Hangs => self.wait(fault, || true),
            Fault::Slow if is_scrape => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                self.wait(fault, || stream.write_all(b"#").is_ok());
            }
            Fault::Answers(status) => answer(&mut stream, status, "", b"not now"),
            _ if is_scrape => {
                let page = format!("# TYPE c counter\nc {}\n", self.count.load(Ordering::SeqCst));
                answer(&mut stream, "200 OK", "content-type: text/plain\r\n", page.as_bytes());
            }
            _ => {
                if fault == Fault::Slow {
                    std::thread::park_timeout(Duration::from_millis(700));
                }
                self.taken.lock().unwrap().push(String::from_utf8(body).unwrap());
                answer(&mut stream, "200 OK", "", b"");
            }
        }
    }

    /// Waits for the end of a fault, or of what is done meanwhile.
    fn wait(&self, fault: Fault, mut meanwhile: impl FnMut() -> bool) {
        while self.is(fault) && meanwhile() {
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}
