//! What is said of remote write, modelled after Prometheus' own `prometheus_remote_storage_*`.

use prometheus::{Error, GaugeVec, IntCounterVec, Opts, Registry};

use crate::spool::{DropReason, SpoolStats};

/// Why samples never reach a spool.
const DROPPED: &[&str] = &["intake", "too_large"];

/// The instruments of all receivers.
#[derive(Debug)]
pub struct Writes {
    samples: IntCounterVec,
    failed: IntCounterVec,
    dropped: IntCounterVec,
    retries: IntCounterVec,
    requests: IntCounterVec,
    bytes: IntCounterVec,
    metadata: IntCounterVec,
    duration: IntCounterVec,
    shards: GaugeVec,
    pending: GaugeVec,
    highest: GaugeVec,
    highest_sent: GaugeVec,
    spool_bytes: GaugeVec,
    spool_oldest: GaugeVec,
    spool_errors: GaugeVec,
    protocol: GaugeVec,
    held: GaugeVec,
    up: GaugeVec,
}

macro_rules! name {
    ($name:literal) => {
        concat!("pushpull_agent_remote_write_", $name)
    };
}

impl Writes {
    pub(super) fn new(registry: &Registry) -> Result<Self, Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, Error>(counters)
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| {
            let gauges = GaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(gauges.clone()))?;
            Ok::<_, Error>(gauges)
        };
        let (one, why) = (&["endpoint"][..], &["endpoint", "reason"][..]);
        Ok(Self {
            samples: counters(name!("samples_total"), "Samples that a receiver took.", one)?,
            failed: counters(
                name!("samples_failed_total"),
                "Samples that a receiver refused for good, by reason.",
                why,
            )?,
            dropped: counters(
                name!("samples_dropped_total"),
                "Samples that were given up before a receiver had them, by reason.",
                why,
            )?,
            retries: counters(
                name!("retries_total"),
                "Requests that failed and were sent again, by reason.",
                why,
            )?,
            requests: counters(name!("requests_total"), "Requests that a receiver answered.", one)?,
            bytes: counters(name!("bytes_total"), "Bytes of bodies, compressed, that a receiver took.", one)?,
            metadata: counters(
                name!("metadata_total"),
                "Requests with help texts alone that a receiver took.",
                one,
            )?,
            duration: counters(
                name!("busy_milliseconds_total"),
                "Time that requests were under way, of all shards together.",
                one,
            )?,
            shards: gauges(name!("shards"), "Shards: requests that may be under way at once.", one)?,
            pending: gauges(name!("samples_pending"), "Samples that wait in the spool.", one)?,
            highest: gauges(
                name!("highest_timestamp_seconds"),
                "Unix time of the newest reading that went into the spool.",
                one,
            )?,
            highest_sent: gauges(
                name!("highest_sent_timestamp_seconds"),
                "Unix time of the newest sample that a receiver took.",
                one,
            )?,
            spool_bytes: gauges(name!("spool_bytes"), "Bytes of the spool, on disk and in memory.", one)?,
            spool_oldest: gauges(
                name!("spool_oldest_timestamp_seconds"),
                "Unix time at which the oldest record that waits was spooled; 0 where none waits.",
                one,
            )?,
            spool_errors: gauges(
                name!("spool_disk_errors"),
                "Times that the disk refused something to the spool since the start.",
                one,
            )?,
            protocol: gauges(
                name!("protocol"),
                "1 for the protocol that a receiver is spoken to in.",
                &["endpoint", "protocol"],
            )?,
            held: gauges(name!("held"), "1 where a receiver does not let the agent in.", one)?,
            up: gauges(name!("endpoint_up"), "Whether the last request was answered.", one)?,
        })
    }

    /// Alerts need the series before the first failure.
    pub fn endpoint(&self, endpoint: &str) {
        for counter in [&self.samples, &self.requests, &self.bytes, &self.metadata, &self.duration] {
            counter.with_label_values(&[endpoint]);
        }
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
        for counters in [&self.samples, &self.requests, &self.bytes, &self.metadata, &self.duration] {
            // What is not there need not be removed.
            let _ = counters.remove_label_values(&[endpoint]);
        }
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
            for reason in super::gone::values(counters, endpoint, "reason") {
                let _ = counters.remove_label_values(&[endpoint, &reason]);
            }
        }
        for protocol in super::gone::values(&self.protocol, endpoint, "protocol") {
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
    pub fn asked(&self, endpoint: &str, milliseconds: u64, answered: bool) {
        self.duration.with_label_values(&[endpoint]).inc_by(milliseconds);
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
