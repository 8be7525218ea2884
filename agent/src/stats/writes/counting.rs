//! What is counted of receivers, and when; each of it by name.

use std::time::Duration;

use super::{DROPPED, Writes};
use crate::spool::{DropReason, SpoolStats};

impl Writes {
    /// Alerts need the series before the first failure.
    pub fn endpoint(&self, endpoint: &str) {
        for counter in [&self.samples, &self.requests, &self.bytes, &self.metadata] {
            counter.with_label_values(&[endpoint]);
        }
        self.busy.with_label_values(&[endpoint]);
        for reason in DROPPED.iter().copied().chain(DropReason::ALL.map(DropReason::as_str)) {
            self.dropped.with_label_values(&[endpoint, reason]);
        }
        for reason in ["400", "404", "partial"] {
            self.failed.with_label_values(&[endpoint, reason]);
        }
        for reason in ["connect", "timeout", "429", "500", "503"] {
            self.retries.with_label_values(&[endpoint, reason]);
        }
        self.held(endpoint, false);
    }

    /// A receiver that is not written to any more.
    pub fn forget(&self, endpoint: &str) {
        // What is not there need not be removed.
        for counters in [&self.samples, &self.requests, &self.bytes, &self.metadata] {
            let _ = counters.remove_label_values(&[endpoint]);
        }
        let _ = self.busy.remove_label_values(&[endpoint]);
        for gauges in [
            &self.shards,
            &self.pending,
            &self.highest,
            &self.highest_sent,
            &self.spool_bytes,
            &self.spool_oldest,
            &self.spool_errors,
            &self.held,
            &self.up,
        ] {
            let _ = gauges.remove_label_values(&[endpoint]);
        }
        for counters in [&self.failed, &self.dropped, &self.retries] {
            for reason in crate::stats::gone::values(counters, endpoint, "reason") {
                let _ = counters.remove_label_values(&[endpoint, &reason]);
            }
        }
        for protocol in crate::stats::gone::values(&self.protocol, endpoint, "protocol") {
            let _ = self.protocol.remove_label_values(&[endpoint, &protocol]);
        }
    }

    /// A receiver took samples of which the newest is from this time, in Unix seconds.
    pub fn took(&self, endpoint: &str, samples: usize, bytes: usize, newest: f64) {
        self.samples.with_label_values(&[endpoint]).inc_by(samples as u64);
        self.bytes.with_label_values(&[endpoint]).inc_by(bytes as u64);
        let highest = self.highest_sent.with_label_values(&[endpoint]);
        if newest > highest.get() {
            highest.set(newest);
        }
    }

    /// A receiver took help texts.
    pub fn described(&self, endpoint: &str, bytes: usize) {
        self.metadata.with_label_values(&[endpoint]).inc();
        self.bytes.with_label_values(&[endpoint]).inc_by(bytes as u64);
    }

    /// A request ended after so long, with an answer or without.
    pub fn asked(&self, endpoint: &str, took: Duration, answered: bool) {
        self.busy.with_label_values(&[endpoint]).inc_by(took.as_secs_f64());
        self.requests.with_label_values(&[endpoint]).inc_by(u64::from(answered));
        self.up.with_label_values(&[endpoint]).set(f64::from(u8::from(answered)));
    }

    /// A request is sent again.
    pub fn retried(&self, endpoint: &str, reason: &str) {
        self.retries.with_label_values(&[endpoint, reason]).inc();
    }

    /// A receiver refused samples for good.
    pub fn failed(&self, endpoint: &str, reason: &str, samples: usize) {
        self.failed.with_label_values(&[endpoint, reason]).inc_by(samples as u64);
    }

    /// Samples were given up.
    pub fn dropped(&self, endpoint: &str, reason: &str, samples: u64) {
        self.dropped.with_label_values(&[endpoint, reason]).inc_by(samples);
    }

    /// A reading from this time, in Unix seconds, went into the spool.
    pub fn spooled(&self, endpoint: &str, time: f64) {
        let highest = self.highest.with_label_values(&[endpoint]);
        if time > highest.get() {
            highest.set(time);
        }
    }

    /// So many shards.
    pub fn shards(&self, endpoint: &str, count: u16) {
        self.shards.with_label_values(&[endpoint]).set(count.into());
    }

    /// How a receiver is spoken to.
    pub fn protocol(&self, endpoint: &str, protocol: &str) {
        for other in ["2.0", "1.0", "zstd"] {
            let is = f64::from(u8::from(other == protocol));
            self.protocol.with_label_values(&[endpoint, other]).set(is);
        }
    }

    /// Whether a receiver does not let us in.
    pub fn held(&self, endpoint: &str, held: bool) {
        self.held.with_label_values(&[endpoint]).set(f64::from(u8::from(held)));
    }

    /// What a spool says, and what it said before.
    pub fn spool(&self, endpoint: &str, now: &SpoolStats, before: &SpoolStats) {
        for reason in DropReason::ALL {
            let more = now.dropped(reason).samples.saturating_sub(before.dropped(reason).samples);
            self.dropped(endpoint, reason.as_str(), more);
        }
        self.pending.with_label_values(&[endpoint]).set(now.pending.samples as f64);
        self.spool_bytes.with_label_values(&[endpoint]).set((now.disk_bytes + now.memory_bytes) as f64);
        let oldest = now.oldest_ms.map_or(0.0, |oldest| oldest as f64 / 1e3);
        self.spool_oldest.with_label_values(&[endpoint]).set(oldest);
        self.spool_errors.with_label_values(&[endpoint]).set(now.disk_errors as f64);
    }
}
