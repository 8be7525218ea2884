//! Targets and the receiver of all: any GET is a page, anything else is taken.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug, Default)]
struct Counts {
    scraped: AtomicU64,
    received: AtomicU64,
}

pub(crate) struct Double {
    pub(crate) address: SocketAddr,
    counts: Arc<Counts>,
}

impl Double {
    /// On a thread of its own, until the process ends.
    pub(crate) fn start() -> Self {
        let counts = Arc::new(Counts::default());
        let (sender, receiver) = std::sync::mpsc::channel();
        let shared = Arc::clone(&counts);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                loop {
                    let Ok((stream, _)) = listener.accept().await else { continue };
                    tokio::spawn(serve(stream, Arc::clone(&shared)));
                }
            });
        });
        Self { address: receiver.recv().unwrap(), counts }
    }

    /// Pages that were answered.
    pub(crate) fn scraped(&self) -> u64 {
        self.counts.scraped.load(Ordering::Relaxed)
    }

    /// Bodies that were taken.
    pub(crate) fn received(&self) -> u64 {
        self.counts.received.load(Ordering::Relaxed)
    }
}

async fn serve(mut stream: TcpStream, counts: Arc<Counts>) -> Option<()> {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(64 << 10);
    loop {
        let head = loop {
            if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await.ok()? == 0 {
                return None;
            }
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
        let length: usize = length.unwrap_or(0);
        while buffer.len() < head + length {
            if stream.read_buf(&mut buffer).await.ok()? == 0 {
                return None;
            }
        }
        buffer.drain(..head + length);
        if text.starts_with("get ") {
            let series =
                text.split_once("/series/").and_then(|(_, rest)| rest.split('/').next()?.parse().ok());
            let round = counts.scraped.load(Ordering::Relaxed);
            let page = page(series.unwrap_or(1), round);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\n\r\n",
                page.len()
            );
            stream.write_all(&[head.as_bytes(), page.as_bytes()].concat()).await.ok()?;
            counts.scraped.fetch_add(1, Ordering::Relaxed);
        } else {
            // 200 is a gateway's answer, and remote write takes any of 2xx.
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.ok()?;
            counts.received.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Ten families with four labels a series; values move with each reading.
fn page(series: usize, round: u64) -> String {
    let mut text = String::with_capacity(series * 96);
    for number in 0..series {
        let family = number % 10;
        if number < 10 {
            text.push_str(&format!(
                "# HELP requests_{family}_total Requests.\n# TYPE requests_{family}_total counter\n"
            ));
            // All of a family stand together.
            for member in (number..series).step_by(10) {
                text.push_str(&format!(
                    "requests_{family}_total{{method=\"GET\",route=\"/api/v1/things/{member}\",status=\"200\",zone=\"eu\"}} {}\n",
                    round + member as u64
                ));
            }
        }
    }
    text
}
