//! Ten thousand agents that write 500 series each 15 s: what one receiver gets, counted and calculated.
//!
//! Requests are encoded by the agent's own encoder, one connection an agent; the receiver is a process of its own,
//! since files of a process are limited. A real `VictoriaMetrics` gets as many as this machine can pay for.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use exposition::remote_write::{Batch, Encoder, Protocol, Sample, SeriesLabels};

use super::Run;
use super::double::Double;
use super::peers;

#[path = "fleet/arithmetic.rs"]
mod arithmetic;
#[path = "fleet/senders.rs"]
mod senders;

const SERIES: usize = 500;
/// Between two requests of an agent.
pub(crate) const INTERVAL: Duration = Duration::from_secs(15);

/// The other process: a receiver that says where it is, and at the end of its input what it took.
pub(crate) fn receive() {
    let double = Double::start();
    println!("{}", double.address);
    let mut line = String::new();
    while std::io::stdin().read_line(&mut line).is_ok_and(|read| read > 0) {
        let taken = double.taken();
        println!("{} {} {} {}", taken.requests, taken.connections, taken.bytes, taken.samples);
    }
}

pub(crate) fn measure(run: &mut Run) {
    // Both ends are files; some are taken by all else.
    let files = std::fs::read_to_string("/proc/self/limits").ok().and_then(|limits| {
        let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
        line.split_whitespace().nth(3)?.parse::<usize>().ok()
    });
    let asked = if run.quick { 200 } else { 10_000 };
    let agents = asked.min(files.unwrap_or(1_024).saturating_sub(100));
    println!("\n{agents} agents, {SERIES} series each {} s", INTERVAL.as_secs());
    if agents < asked {
        println!("  not {asked}: this process may open {files:?} files (ulimit -n)");
    }
    for protocol in [Protocol::V1, Protocol::V2, Protocol::Zstd] {
        arithmetic::sizes(protocol, run);
    }
    senders::ours(agents, run);
    senders::victoria(agents / 10, run);
}

/// The request of an agent: its series as an exporter would have them, with this reading's values.
pub(crate) fn request(agent: usize, reading: u64, encoder: &mut Encoder, protocol: Protocol) -> Vec<u8> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    let (mut batch, instance) = (Batch::new(now), format!("10.{}.{}.7:9100", agent / 250, agent % 250));
    for number in 0..SERIES {
        let (name, route) = (format!("requests_{}_total", number % 10), format!("/api/v1/things/{number}"));
        let labels = SeriesLabels::new([
            ("__name__", name.as_str()),
            ("instance", &instance),
            ("job", "fleet"),
            ("method", "GET"),
            ("route", &route),
            ("status", "200"),
            ("zone", "eu"),
        ]);
        let value = (reading * 7 + number as u64) as f64;
        let point = Sample { bits: value.to_bits(), timestamp_ms: now, ..Sample::default() };
        batch.sample(&labels.unwrap(), None, point).unwrap();
    }
    encoder.body(&batch.finish(), protocol).unwrap().bytes.to_vec()
}

/// A process that ends with this value.
pub(crate) struct Other(pub(crate) Child);

impl Other {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn cpu(&self) -> f64 {
        peers::cpu(self.0.id())
    }

    pub(crate) fn resident(&self) -> f64 {
        peers::resident(self.0.id())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
