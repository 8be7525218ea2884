//! The agents: a connection each, a request an interval, spread over it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use exposition::remote_write::{Encoder, Protocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::arithmetic::{Load, body};
use super::{INTERVAL, Other, request};
use crate::Run;
use crate::figures::until;

/// Beside a cheap receiver of our own, all of them.
pub(super) fn ours(agents: usize, run: &mut Run) {
    let this = std::env::current_exe().unwrap();
    let mut receiver = Other::start(Command::new(this).arg("--receiver").stdout(Stdio::piped()));
    let mut output = BufReader::new(receiver.0.stdout.take().unwrap());
    let mut input = receiver.0.stdin.take().unwrap();
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let address = line.trim().parse().unwrap();
    let mut taken = || -> [f64; 4] {
        input.write_all(b"?\n").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let numbers: Vec<f64> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
        numbers.try_into().unwrap()
    };
    let sent = start(agents, address, "/write");
    // An interval in which all connect, then one that counts.
    wait(run);
    let (before, cpu, began) = (taken(), receiver.cpu(), Instant::now());
    wait(run);
    let (after, seconds) = (taken(), began.elapsed().as_secs_f64());
    let rate = |at: usize| (after[at] - before[at]) / seconds;
    let expected = Load::of(agents, body(Protocol::V1));
    let cores = (receiver.cpu() - cpu) / seconds;
    println!("  {agents} agents on loopback, 1.0, a second: measured, and by the arithmetic");
    println!("    connections {:>12.0} {agents:>12}", after[1]);
    println!("    requests    {:>12.1} {:>12.1}", rate(0), expected.requests);
    println!("    samples     {:>12.0} {:>12.0}", rate(3), expected.samples);
    println!("    bytes       {:>12.0} {:>12.0}", rate(2), expected.bytes);
    println!(
        "    the bench's receiver, which only counts: {cores:.3} cores; failed requests: {}",
        sent.failed()
    );
    let values = [after[1], rate(0), rate(3), rate(2), cores];
    run.note(&format!("{agents} agents: connections, requests, samples, bytes a second, cores"), &values);
}

/// Beside a real receiver, as many as it and this machine can pay for.
pub(super) fn victoria(agents: usize, run: &mut Run) {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("victoria-metrics");
    command.arg(format!("-httpListenAddr=127.0.0.1:{port}"));
    command.arg(format!("-storageDataPath={}", folder.path().display())).stdout(Stdio::null());
    let receiver = Other::start(&mut command);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    until("VictoriaMetrics", || TcpStream::connect(address).is_ok());
    let sent = start(agents, address, "/api/v1/write");
    // New series cost more than known ones: they are not asked for.
    wait(run);
    let (before, cpu, began) = (rows(address), receiver.cpu(), Instant::now());
    wait(run);
    let seconds = began.elapsed().as_secs_f64();
    let (samples, cores) = ((rows(address) - before) / seconds, (receiver.cpu() - cpu) / seconds);
    let expected = Load::of(agents, body(Protocol::V1)).samples;
    let resident = receiver.resident();
    println!(
        "  {agents} agents beside VictoriaMetrics: {samples:.0} samples a second in its own count ({expected:.0})"
    );
    println!(
        "    {cores:.3} cores, {resident:.0} MiB; a core takes {:.0} samples a second; failed requests: {}",
        samples / cores,
        sent.failed()
    );
    run.note(
        &format!("{agents} agents, VictoriaMetrics: samples a second, cores, MiB"),
        &[samples, cores, resident],
    );
}

/// One interval; a part of it where it is only asked whether everything works.
fn wait(run: &Run) {
    let (began, long) = (Instant::now(), if run.quick { INTERVAL / 3 } else { INTERVAL });
    until("an interval", || began.elapsed() >= long);
}

/// Samples that were written to VictoriaMetrics, in its own count.
fn rows(address: SocketAddr) -> f64 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let name = "vm_rows_inserted_total{type=\"promremotewrite\"}";
    lines.filter_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok()).sum()
}

/// Agents on a thread of their own, which end with this value.
struct Sending {
    failed: Arc<AtomicU64>,
    _runtime: tokio::runtime::Runtime,
}

impl Sending {
    fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

fn start(agents: usize, to: SocketAddr, path: &'static str) -> Sending {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let failed = Arc::new(AtomicU64::new(0));
    for agent in 0..agents {
        let failed = Arc::clone(&failed);
        runtime.spawn(async move {
            tokio::time::sleep(INTERVAL.mul_f64(agent as f64 / agents as f64)).await;
            let mut ticks = tokio::time::interval(INTERVAL);
            let mut stream = None;
            for reading in 0.. {
                ticks.tick().await;
                if write(&mut stream, agent, reading, to, path).await.is_err() {
                    failed.fetch_add(1, Ordering::Relaxed);
                    stream = None;
                }
            }
        });
    }
    Sending { failed, _runtime: runtime }
}

async fn write(
    kept: &mut Option<tokio::net::TcpStream>,
    agent: usize,
    reading: u64,
    to: SocketAddr,
    path: &str,
) -> std::io::Result<()> {
    let body = request(agent, reading, &mut Encoder::default(), Protocol::V1);
    let headers = Protocol::V1.headers().map(|(name, value)| format!("{name}: {value}\r\n")).concat();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: {to}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    let stream = match kept {
        Some(stream) => stream,
        none => none.insert(tokio::net::TcpStream::connect(to).await?),
    };
    stream.write_all(&[head.as_bytes(), &body].concat()).await?;
    // Both answer in one piece without a body.
    let (mut answer, mut read) = ([0; 1_024], 0);
    while !answer[..read].ends_with(b"\r\n\r\n") {
        let piece = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer[read..])).await??;
        if piece == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        read += piece;
    }
    if answer.starts_with(b"HTTP/1.1 20") { Ok(()) } else { Err(std::io::ErrorKind::Other.into()) }
}
