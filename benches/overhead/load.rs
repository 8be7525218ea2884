//! As many requests as go, over connections that stay open.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::Server;

pub(crate) struct Outcome {
    pub(crate) rate: f64,
    pub(crate) cpu_ns: f64,
}

/// Loads an address for a while; where the server is ours, also with its CPU time a request.
pub(crate) fn run(address: &str, connections: usize, time: Duration, server: Option<&Server>) -> Outcome {
    let before = server.map_or(0.0, Server::cpu_ns);
    let began = Instant::now();
    let requests = runtime().block_on(load(address.to_owned(), connections, time));
    let spent = server.map_or(0.0, Server::cpu_ns) - before;
    Outcome { rate: requests as f64 / began.elapsed().as_secs_f64(), cpu_ns: spent / requests as f64 }
}

/// Latencies of `/metrics` in milliseconds while `/` is loaded.
pub(crate) fn while_loaded(address: &str, connections: usize, time: Duration) -> Vec<f64> {
    let loaded = address.to_owned();
    let load = std::thread::spawn(move || runtime().block_on(load(loaded, connections, time)));
    let scrapes = runtime().block_on(async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut pauses = tokio::time::interval(Duration::from_millis(10));
        let (mut times, end) = (Vec::new(), Instant::now() + time);
        while Instant::now() < end {
            pauses.tick().await;
            let began = Instant::now();
            exchange(&mut stream, "/metrics", &mut vec![0; 64 << 10]).await;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        times
    });
    load.join().unwrap();
    scrapes
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn load(address: String, connections: usize, time: Duration) -> u64 {
    let end = Instant::now() + time;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let address = address.clone();
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (mut buffer, mut requests) = (vec![0; 4096], 0);
            while Instant::now() < end {
                exchange(&mut stream, "/", &mut buffer).await;
                requests += 1;
            }
            requests
        });
    }
    tasks.join_all().await.into_iter().sum()
}

async fn exchange(stream: &mut TcpStream, path: &str, buffer: &mut [u8]) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await.unwrap();
        assert!(read > 0, "the server closed the connection");
        filled += read;
        let text = &buffer[..filled];
        let Some(head) = text.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head_text = String::from_utf8_lossy(&text[..head]).to_lowercase();
        let length =
            head_text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        if filled >= head + 4 + length.unwrap_or(0) {
            return;
        }
    }
}
