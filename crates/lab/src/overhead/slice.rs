//! One load on one server: CPU time a request, and latencies.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio_util::sync::CancellationToken;

use super::server::Server;
use crate::load;
use crate::load::plan::Plan;
use crate::load::summary::quantile;

/// How a server is loaded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Load {
    /// As fast as it answers, by so many connections: what a request costs shows best.
    Busy(usize),
    /// At a rate, whatever becomes of the answers: latencies count from the planned start.
    At {
        /// Requests a second.
        rate: u32,
        /// Connections, more than are needed: none has to wait.
        connections: usize,
    },
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Slice {
    /// Seconds of the server's CPU.
    pub cpu: f64,
    /// How long it took, in seconds, with the last answers.
    pub seconds: f64,
    /// Requests that were answered.
    pub requests: f64,
    /// Seconds from the planned start to the answer: mean, half of them, 99 %.
    pub latency: [f64; 3],
    /// Whether the asked rate was reached without errors.
    pub reached: bool,
}

impl Slice {
    /// Seconds of CPU for one request.
    pub fn cpu_per_request(&self) -> f64 {
        self.cpu / self.requests
    }

    /// Loads a server for a time; none where a signal came meanwhile.
    ///
    /// # Errors
    ///
    /// Where the server has ended or answers nothing.
    pub async fn of(
        server: &Server,
        load: Load,
        time: Duration,
        stop: &CancellationToken,
    ) -> anyhow::Result<Option<Self>> {
        let (rate, concurrent) = match load {
            Load::Busy(connections) => (0.0, connections),
            Load::At { rate, connections } => (f64::from(rate), connections),
        };
        let (timeout, drain) = (Duration::from_secs(5), Duration::from_secs(1));
        let plan = Plan { rate, requests: None, duration: Some(time), concurrent, timeout, drain };
        let (before, began) = (server.used()?, Instant::now());
        let summary = load::measure(&format!("{}/", server.url), plan, stop).await?;
        let (cpu, seconds) = (server.used()?.since(&before), began.elapsed().as_secs_f64());
        if stop.is_cancelled() {
            return Ok(None);
        }
        let tally = &summary.tally;
        ensure!(tally.ok > 0, "{} answered none of {} requests", server.name(), tally.over());
        let [p50, p99] = [0.5, 0.99].map(|share| quantile(&tally.latency, share).as_secs_f64());
        Ok(Some(Self {
            cpu,
            seconds,
            requests: tally.over() as f64,
            latency: [tally.latency.mean() / 1e9, p50, p99],
            reached: summary.reached() && tally.errors() == 0,
        }))
    }
}
