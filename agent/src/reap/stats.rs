//! What a reaper says of itself while it watches.

use std::sync::Arc;

use exposition::{encode, registry};
use prometheus::{Error, GaugeVec, IntCounterVec, Opts, Registry};
use service::instruments::{now_seconds, registered};
use warp::{Filter, Reply};

/// Its instruments.
#[derive(Debug)]
pub(super) struct Stats {
    registry: Registry,
    groups: GaugeVec,
    old: GaugeVec,
    deleted: IntCounterVec,
    spared: IntCounterVec,
    failures: IntCounterVec,
    success: GaugeVec,
}

impl Stats {
    pub(super) fn new() -> Result<Self, Error> {
        let registry = Registry::new();
        let gauges = |name: &str, help: &str| {
            registered(&registry, GaugeVec::new(Opts::new(name, help), &["endpoint"]))
        };
        let counters = |name: &str, help: &str, labels: &[&str]| {
            registered(&registry, IntCounterVec::new(Opts::new(name, help), labels))
        };
        let groups =
            gauges("pushpull_reap_groups", "Groups that the gateway had when it was looked at last.")?;
        let old = gauges("pushpull_reap_old_groups", "Groups that were older than their lifetime then.")?;
        let deleted = counters("pushpull_reap_deleted_total", "Groups that were deleted.", &["endpoint"])?;
        let help = "Groups that were old, but pushed again before they were deleted.";
        let spared = counters("pushpull_reap_spared_total", help, &["endpoint"])?;
        let help = "Requests to the gateway that failed, by what they were for.";
        let failures = counters("pushpull_reap_failures_total", help, &["endpoint", "reason"])?;
        let help = "Unix time of the last look at the gateway after which all was done.";
        let success = gauges("pushpull_reap_last_success_timestamp_seconds", help)?;
        registry.register(service::process::collector()?)?;
        registry.register(service::process::build_info("pushpull-agent")?)?;
        Ok(Self { registry, groups, old, deleted, spared, failures, success })
    }

    /// Alerts need the series before the first failure.
    pub(super) fn endpoint(&self, endpoint: &str) {
        for counter in [&self.deleted, &self.spared] {
            counter.with_label_values(&[endpoint]);
        }
        for reason in ["list", "delete"] {
            self.failures.with_label_values(&[endpoint, reason]);
        }
        self.success.with_label_values(&[endpoint]);
    }

    pub(super) fn listed(&self, endpoint: &str, groups: usize, old: usize) {
        self.groups.with_label_values(&[endpoint]).set(groups as f64);
        self.old.with_label_values(&[endpoint]).set(old as f64);
    }

    pub(super) fn deleted(&self, endpoint: &str) {
        self.deleted.with_label_values(&[endpoint]).inc();
    }

    pub(super) fn spared(&self, endpoint: &str) {
        self.spared.with_label_values(&[endpoint]).inc();
    }

    pub(super) fn failed(&self, endpoint: &str, reason: &str) {
        self.failures.with_label_values(&[endpoint, reason]).inc();
    }

    pub(super) fn went_well(&self, endpoint: &str) {
        self.success.with_label_values(&[endpoint]).set(now_seconds());
    }
}

/// `/metrics`, and the probes of the agent.
pub(super) fn filter(
    stats: Arc<Stats>,
) -> impl Filter<Extract = (impl Reply + use<>,), Error = warp::Rejection> + Clone + use<> {
    let metrics = warp::path!("metrics").map(move || {
        let text = registry::page(&stats.registry).text().to_owned();
        warp::reply::with_header(text, "content-type", encode::TEXT).into_response()
    });
    let alive =
        warp::path!("-" / "healthy").or(warp::path!("-" / "ready")).unify().map(|| "OK\n".into_response());
    warp::get().and(metrics.or(alive).unify())
}
