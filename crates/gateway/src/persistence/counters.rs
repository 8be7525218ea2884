//! What the gateway's own metrics say of persistence.

use prometheus::{
    Error, Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
};
use service::instruments::{now_seconds, registered};

use super::Status;

/// They are there only where groups are kept: a 0 for what is not done would be no success.
#[derive(Debug, Clone)]
pub struct Counters {
    pub(super) errors: IntCounterVec,
    pub(super) waits: IntCounter,
    pub(super) not_durable: IntCounter,
    pub(super) syncs: IntCounter,
    pub(super) sync_seconds: Histogram,
    pub(super) snapshots: IntCounter,
    success: Gauge,
    healthy: IntGauge,
    log_bytes: IntGauge,
    snapshot_bytes: IntGauge,
    queued: IntGauge,
    waiting: IntGauge,
    busy: Gauge,
}

impl Counters {
    /// Makes and registers them.
    pub fn new(registry: &Registry) -> Result<Self, Error> {
        let named = |name: &str| format!("pushpull_gateway_persistence_{name}");
        let counter = |name: &str, help: &str| registered(registry, IntCounter::new(named(name), help));
        let gauge = |name: &str, help: &str| registered(registry, IntGauge::new(named(name), help));
        let errors = Opts::new(named("errors_total"), "Failures of the disk, by reason.");
        let errors = registered(registry, IntCounterVec::new(errors, &["reason"]))?;
        for reason in ["full", "read_only", "missing", "locked", "slow", "io"] {
            errors.with_label_values(&[reason]);
        }
        let help = "Unix time of the last write that the disk confirmed; 0 if there was none.";
        let success = registered(registry, Gauge::new(named("last_success_timestamp_seconds"), help))?;
        let help = "Time that the disk took to confirm a write of the log.";
        let times = HistogramOpts::new(named("sync_duration_seconds"), help)
            .buckets(vec![0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0]);
        let sync_seconds = registered(registry, Histogram::with_opts(times))?;
        let help = "How long the disk has been at what it was last given; 0 if it has nothing to do.";
        let busy = registered(registry, Gauge::new(named("busy_seconds"), help))?;
        Ok(Self {
            sync_seconds,
            busy,
            waiting: gauge("waiting_requests", "Pushes and deletions that wait for the disk's word.")?,
            errors,
            success,
            waits: counter("waits_total", "Pushes that waited because too much was waiting for the disk.")?,
            not_durable: counter(
                "not_durable_total",
                "Pushes and deletions that were answered 202 for the disk's sake.",
            )?,
            syncs: counter("syncs_total", "Writes of the log that the disk confirmed.")?,
            snapshots: counter("snapshots_total", "Snapshots written.")?,
            healthy: gauge("healthy", "Whether all groups are kept: 1 if they are.")?,
            log_bytes: gauge("log_bytes", "Size of the logs since the last snapshot.")?,
            snapshot_bytes: gauge("snapshot_bytes", "Size of the last snapshot.")?,
            queued: gauge("queued_bytes", "Bytes that wait for the disk, with those that it is at.")?,
        })
    }

    pub(super) fn succeeded(&self) {
        self.success.set(now_seconds());
    }

    /// Counts one that waits for the disk, until what is returned is dropped.
    pub(super) fn waits(&self) -> Waiting {
        Waiting::new(self.waiting.clone())
    }

    /// Brings the gauges up to what is said now.
    pub fn show(&self, status: &Status) {
        let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.healthy.set(i64::from(status.problem().is_none()));
        self.log_bytes.set(number(status.log_bytes));
        self.snapshot_bytes.set(number(status.snapshot_bytes));
        self.queued.set(number(status.queued_bytes));
        self.busy.set(status.busy.as_secs_f64());
    }
}

/// One that waits, also if its client goes away meanwhile.
#[derive(Debug)]
pub(super) struct Waiting(IntGauge);

impl Waiting {
    fn new(gauge: IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}
