//! What should come: from the size of one request.

use exposition::remote_write::{Encoder, Protocol};

use super::{INTERVAL, SERIES, request};
use crate::Run;

/// What a receiver gets of so many agents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) requests: f64,
    pub(crate) samples: f64,
    pub(crate) bytes: f64,
}

impl Load {
    /// A second, of agents whose requests have so many bytes.
    pub(crate) fn of(agents: usize, bytes: f64) -> Self {
        let requests = agents as f64 / INTERVAL.as_secs_f64();
        Self { requests, samples: requests * SERIES as f64, bytes: requests * bytes }
    }
}

/// Bytes of a request without its head: the mean over agents, whose addresses differ in length.
pub(crate) fn body(protocol: Protocol) -> f64 {
    let mut encoder = Encoder::default();
    let sizes = (0..100).map(|agent| request(agent * 97, 1, &mut encoder, protocol).len());
    sizes.sum::<usize>() as f64 / 100.0
}

/// What 10,000 agents send by this protocol.
pub(crate) fn sizes(protocol: Protocol, run: &mut Run) {
    let bytes = body(protocol);
    let Load { requests, samples, bytes: second } = Load::of(10_000, bytes);
    println!(
        "  10,000 agents by {:<5} {bytes:>7.0} bytes a request: {requests:.0} requests, {samples:.0} samples, {:.2} MB a second",
        protocol.as_str(),
        second / 1e6
    );
    run.note(&format!("bytes of a request of 500 samples, {}", protocol.as_str()), &[bytes]);
}
