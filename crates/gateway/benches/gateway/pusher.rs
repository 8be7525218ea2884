//! Pushes over connections that stay, as agents send them.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Series of one group: what a small service shows.
pub(crate) const SERIES: usize = 20;

/// A group's page: counters, gauges and one histogram, all values those of this round.
pub(crate) fn body(group: usize, round: usize) -> String {
    let mut text = String::new();
    for number in 0..6 {
        let value = group + round * 7 + number;
        write!(text, "# HELP app_work_{number}_total Work of kind {number} that was done.\n# TYPE app_work_{number}_total counter\napp_work_{number}_total{{method=\"GET\"}} {value}\n").unwrap();
        write!(text, "# HELP app_state_{number} What state {number} is in.\n# TYPE app_state_{number} gauge\napp_state_{number} {value}.5\n").unwrap();
    }
    text.push_str("# HELP app_seconds How long requests took.\n# TYPE app_seconds histogram\n");
    for (number, bound) in ["0.01", "0.1", "0.5", "1", "5", "+Inf"].iter().enumerate() {
        writeln!(text, "app_seconds_bucket{{le=\"{bound}\"}} {}", round + number).unwrap();
    }
    write!(text, "app_seconds_sum {}.25\napp_seconds_count {}\n", round, round + 5).unwrap();
    text
}

/// A connection to a gateway.
pub(crate) struct Pusher(TcpStream);

impl Pusher {
    pub(crate) fn new(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        Self(stream)
    }

    /// Pushes a group and waits for the answer.
    pub(crate) fn push(&mut self, group: usize, round: usize) {
        let body = body(group, round);
        let head = format!(
            "PUT /metrics/job/bench/instance/host-{group:05} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.0.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
        let (mut answer, mut read) = ([0; 1024], 0);
        // The answers to pushes have no body.
        while !answer[..read].ends_with(b"\r\n\r\n") {
            let more = self.0.read(&mut answer[read..]).unwrap();
            assert!(more > 0, "connection closed: {}", String::from_utf8_lossy(&answer[..read]));
            read += more;
        }
        let ok = answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.1 202");
        assert!(ok, "{}", String::from_utf8_lossy(&answer[..read]));
    }
}

/// Pushes each group once.
pub(crate) fn fill(port: u16, groups: usize, round: usize) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut pusher = Pusher::new(port);
                loop {
                    let group = next.fetch_add(1, Ordering::Relaxed);
                    if group >= groups {
                        return;
                    }
                    pusher.push(group, round);
                }
            });
        }
    });
}

/// Pushes groups in turn over so many connections for a time; how long each push took, in seconds.
pub(crate) fn storm(port: u16, groups: usize, connections: usize, time: Duration) -> Vec<f64> {
    let next = AtomicUsize::new(0);
    let end = Instant::now() + time;
    let worker = || {
        let mut pusher = Pusher::new(port);
        let mut took = Vec::new();
        while Instant::now() < end {
            // Far from the one before: what was just used is no easier to find.
            let push = next.fetch_add(1, Ordering::Relaxed);
            let began = Instant::now();
            pusher.push(push * 7_919 % groups, push);
            took.push(began.elapsed().as_secs_f64());
        }
        took
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

/// So many agents, each with its connection and a push an interval, for one interval after a first push; how
/// long after its time each was answered, in seconds.
pub(crate) fn agents(port: u16, agents: usize, interval: Duration, ready: impl FnOnce() + Send) -> Vec<f64> {
    const THREADS: usize = 8;
    let barrier = std::sync::Barrier::new(THREADS + 1);
    let worker = |thread: usize| {
        let own: Vec<usize> = (thread..agents).step_by(THREADS).collect();
        let first = |agent: &usize| {
            let mut pusher = Pusher::new(port);
            // At once: who connects and says nothing is cut off.
            pusher.push(*agent, 0);
            pusher
        };
        let mut pushers: Vec<Pusher> = own.iter().map(first).collect();
        barrier.wait();
        let began = Instant::now();
        let mut late = Vec::with_capacity(own.len());
        for (pusher, agent) in pushers.iter_mut().zip(&own) {
            let due = began + interval.mul_f64(*agent as f64 / agents as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            pusher.push(*agent, 1);
            late.push(due.elapsed().as_secs_f64());
        }
        late
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || worker(thread))).collect();
        barrier.wait();
        ready();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}
