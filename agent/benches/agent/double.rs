//! Targets and the receiver of all: any GET is a page, anything else is taken and counted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::page::page;
use super::written;

/// What came by remote write, and by how many requests and connections.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    pub(crate) requests: u64,
    pub(crate) connections: u64,
    pub(crate) bytes: u64,
    pub(crate) samples: u64,
    /// What the same messages take in zstd, where that is counted.
    pub(crate) zstd: u64,
}

/// Which readings were answered, and which of them arrived, where that is followed.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    pub(crate) answered: Vec<(u64, Instant)>,
    pub(crate) arrived: Vec<u64>,
}

#[derive(Debug, Default)]
struct Counts {
    scraped: AtomicU64,
    received: AtomicU64,
    down: AtomicBool,
    ended: AtomicBool,
    packs: AtomicBool,
    taken: Mutex<Taken>,
    followed: Mutex<Option<Followed>>,
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

    /// What was taken by remote write so far.
    pub(crate) fn taken(&self) -> Taken {
        *lock(&self.counts.taken)
    }

    /// From now on 503 is the answer to all but readings.
    pub(crate) fn down(&self, down: bool) {
        self.counts.down.store(down, Ordering::Relaxed);
    }

    /// From now on there are no pages.
    pub(crate) fn end_pages(&self) {
        self.counts.ended.store(true, Ordering::Relaxed);
    }

    /// Whether messages are packed anew, to learn what they take in zstd.
    pub(crate) fn packs(&self, packs: bool) {
        self.counts.packs.store(packs, Ordering::Relaxed);
    }

    /// Follows readings from now on.
    pub(crate) fn follow(&self) {
        *lock(&self.counts.followed) = Some(Followed::default());
    }

    /// Looks at what was followed.
    pub(crate) fn followed<T>(&self, look: impl FnOnce(&Followed) -> T) -> T {
        look(lock(&self.counts.followed).get_or_insert_default())
    }
}

async fn serve(mut stream: TcpStream, counts: Arc<Counts>) -> Option<()> {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(4 << 10);
    let mut writes = false;
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
        let get = text.starts_with("get ");
        // A gateway's page is looked at, too: that is no reading of a target.
        let is_target = text.starts_with("get /series/");
        if get && !counts.ended.load(Ordering::Relaxed) {
            let series =
                text.split_once("/series/").and_then(|(_, rest)| rest.split('/').next()?.parse().ok());
            let round = counts.scraped.load(Ordering::Relaxed);
            let page = page(series.unwrap_or(1), round);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\n\r\n",
                page.len()
            );
            stream.write_all(&[head.as_bytes(), page.as_bytes()].concat()).await.ok()?;
            counts.scraped.fetch_add(u64::from(is_target), Ordering::Relaxed);
            if is_target && let Some(followed) = &mut *lock(&counts.followed) {
                followed.answered.push((round, Instant::now()));
            }
        } else if get || counts.down.load(Ordering::Relaxed) {
            stream.write_all(b"HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n").await.ok()?;
        } else {
            let samples = counts.take(&text, &buffer[head..head + length], &mut writes);
            // 200 is a gateway's answer, and remote write takes any of 2xx; 2.0 must say what was written.
            let said = if written::of_2_0(&text) {
                format!("x-prometheus-remote-write-samples-written: {samples}\r\n")
            } else {
                String::new()
            };
            let answer = format!("HTTP/1.1 200 OK\r\n{said}content-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.ok()?;
            counts.received.fetch_add(1, Ordering::Relaxed);
        }
        buffer.drain(..head + length);
    }
}

impl Counts {
    /// `writes`: whether this connection had remote write before.
    fn take(&self, head: &str, body: &[u8], writes: &mut bool) -> u64 {
        let Some((message, series)) = written::unpack(head, body) else { return 0 };
        let samples = written::samples(&message, series);
        let packs = self.packs.load(Ordering::Relaxed);
        // 0 is zstd's own level, which is what vmagent asks for.
        let zstd = if packs { zstd::bulk::compress(&message, 0).map_or(0, |packed| packed.len()) } else { 0 };
        if let Some(followed) = &mut *lock(&self.followed) {
            followed.arrived.extend(written::readings(&message));
        }
        let mut taken = lock(&self.taken);
        taken.requests += 1;
        taken.connections += u64::from(!std::mem::replace(writes, true));
        taken.bytes += body.len() as u64;
        taken.samples += samples;
        taken.zstd += zstd as u64;
        samples
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
