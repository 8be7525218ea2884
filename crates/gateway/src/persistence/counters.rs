//! What the gateway's own metrics say of persistence.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{Error, Gauge, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use super::Status;

/// They are there only where groups are kept: a 0 for what is not done would be no success.
#[derive(Debug, Clone)]
pub struct Counters {
    pub(super) errors: IntCounterVec,
    pub(super) waits: IntCounter,
    pub(super) not_durable: IntCounter,
    pub(super) syncs: IntCounter,
    pub(super) snapshots: IntCounter,
    success: Gauge,
    healthy: IntGauge,
    log_bytes: IntGauge,
    snapshot_bytes: IntGauge,
    queued: IntGauge,
}

impl Counters {
    /// Makes and registers them.
    pub fn new(registry: &Registry) -> Result<Self, Error> {
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(format!("pushpull_gateway_persistence_{name}"), help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, Error>(counter)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(format!("pushpull_gateway_persistence_{name}"), help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, Error>(gauge)
        };
        let errors = IntCounterVec::new(
            Opts::new("pushpull_gateway_persistence_errors_total", "Failures of the disk, by reason."),
            &["reason"],
        )?;
        registry.register(Box::new(errors.clone()))?;
        for reason in ["full", "read_only", "missing", "locked", "slow", "io"] {
            errors.with_label_values(&[reason]);
        }
        let success = Gauge::new(
            "pushpull_gateway_persistence_last_success_timestamp_seconds",
            "Unix time of the last write that the disk confirmed; 0 if there was none.",
        )?;
        registry.register(Box::new(success.clone()))?;
        Ok(Self {
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
            queued: gauge("queued_bytes", "Bytes that wait for the disk.")?,
        })
    }

    pub(super) fn succeeded(&self) {
        self.success.set(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
    }

    /// Brings the gauges up to what is said now.
    pub fn show(&self, status: &Status) {
        let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.healthy.set(i64::from(status.problem().is_none()));
        self.log_bytes.set(number(status.log_bytes));
        self.snapshot_bytes.set(number(status.snapshot_bytes));
        self.queued.set(number(status.queued_bytes));
    }
}
