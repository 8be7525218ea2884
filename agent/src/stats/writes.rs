//! What is said of remote write, modelled after Prometheus' own `prometheus_remote_storage_*`.

mod counting;

use prometheus::{CounterVec, Error, GaugeVec, IntCounterVec, Opts, Registry};

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
    busy: CounterVec,
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
        let name = name!("busy_seconds_total");
        let busy = CounterVec::new(
            Opts::new(name, "Time that requests were under way, of all shards together."),
            &["endpoint"],
        )?;
        registry.register(Box::new(busy.clone()))?;
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
                "Requests with types and help texts alone that a receiver took.",
                one,
            )?,
            busy,
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
}
