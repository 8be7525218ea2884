//! What the agent says of itself: everything sent, refused, retried and dropped, with the reason.

mod gone;

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{Error, Gauge, GaugeVec, IntCounterVec, Opts, Registry};

/// Why a snapshot is given up.
const DROPPED: &[&str] = &["superseded", "shutdown", "full"];
/// Why a push is tried again: what may go wrong on the way, and the answers that may pass.
const RETRIED: &[&str] =
    &["connect", "timeout", "request", "setup", "proxy", "408", "429", "500", "502", "503", "504"];
/// The answers that gateways and what stands before them refuse a push with.
const REFUSED: &[&str] = &["400", "401", "403", "404", "405", "413"];

/// So many groups of an endpoint are named where other agents push them, too.
const CONFLICTS: usize = 20;

/// The agent's own instruments.
#[derive(Debug)]
pub struct Stats {
    /// Where all of them are.
    pub registry: Registry,
    /// Which agent this is: a random number of 48 bits, which a float holds exactly; another after each start.
    pub id: u64,
    collections: IntCounterVec,
    failures: IntCounterVec,
    dropped_samples: IntCounterVec,
    sent: IntCounterVec,
    sent_bytes: IntCounterVec,
    refused: IntCounterVec,
    retried: IntCounterVec,
    dropped: IntCounterVec,
    merged: IntCounterVec,
    last_sent: GaugeVec,
    up: GaugeVec,
    waiting: GaugeVec,
    clock_skew: GaugeVec,
    gateway: GaugeVec,
    conflicting: GaugeVec,
    conflict: GaugeVec,
    reload_successful: Gauge,
    reload_success_time: Gauge,
}

impl Stats {
    /// Makes and registers them.
    pub fn new() -> Result<Self, Error> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, Error>(counters)
        };
        let gauges = |name: &str, help: &str| {
            let gauges = GaugeVec::new(Opts::new(name, help), &["endpoint"])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok::<_, Error>(gauges)
        };
        let collections =
            counters("pushpull_agent_collections_total", "Times that a source was read.", &["source"])?;
        let failures = counters(
            "pushpull_agent_collection_failures_total",
            "Times that a source could not be read, by reason.",
            &["source", "reason"],
        )?;
        let dropped_samples = counters(
            "pushpull_agent_dropped_samples_total",
            "Samples of scraped pages that were left out, by reason.",
            &["source", "reason"],
        )?;
        let sent = counters("pushpull_agent_sent_total", "Snapshots that an endpoint took.", &["endpoint"])?;
        let sent_bytes = counters(
            "pushpull_agent_sent_bytes_total",
            "Bytes of bodies that an endpoint took.",
            &["endpoint"],
        )?;
        let labels = ["endpoint", "reason"];
        let refused = counters(
            "pushpull_agent_refused_total",
            "Snapshots that an endpoint refused for good, by reason.",
            &labels,
        )?;
        let retried = counters(
            "pushpull_agent_retried_total",
            "Pushes that failed and were tried again, by reason.",
            &labels,
        )?;
        let dropped =
            counters("pushpull_agent_dropped_total", "Snapshots that were never sent, by reason.", &labels)?;
        let merged = counters(
            "pushpull_agent_merged_samples_total",
            "Samples left out of pushes because they differed from others only in labels of the group.",
            &["endpoint"],
        )?;
        let last_sent = gauges(
            "pushpull_agent_last_sent_time_seconds",
            "Unix time of the last push that an endpoint took.",
        )?;
        let up = gauges("pushpull_agent_endpoint_up", "Whether the last push to an endpoint was answered.")?;
        let waiting = gauges(
            "pushpull_agent_waiting_snapshots",
            "Snapshots that wait for an endpoint; at most one of each group.",
        )?;
        let clock_skew = gauges(
            "pushpull_agent_clock_skew_seconds",
            "How far the clock here is ahead of an endpoint's, from the Date of its answers; below 0 it is behind.",
        )?;
        let gateway = GaugeVec::new(
            Opts::new(
                "pushpull_agent_gateway_in_use",
                "Which of an endpoint's several gateways is pushed to.",
            ),
            &["endpoint", "gateway"],
        )?;
        registry.register(Box::new(gateway.clone()))?;
        let conflicting = gauges(
            "pushpull_agent_conflicting_groups",
            "Groups that another agent pushes, too: each takes the other's values away.",
        )?;
        let help = "1 where another agent pushes this group, too; of each endpoint the first 20 groups.";
        let conflict =
            GaugeVec::new(Opts::new("pushpull_agent_group_conflict", help), &["endpoint", "group"])?;
        registry.register(Box::new(conflict.clone()))?;
        let single = |name: &str, help: &str| {
            let gauge = Gauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, Error>(gauge)
        };
        let reload_successful = single(
            "pushpull_agent_config_last_reload_successful",
            "Whether the last reload of the settings worked; 1 before the first.",
        )?;
        let reload_success_time = single(
            "pushpull_agent_config_last_reload_success_timestamp_seconds",
            "Unix time at which the settings in effect were read.",
        )?;
        registry.register(service::process::collector()?)?;
        registry.register(service::process::build_info("pushpull-agent")?)?;
        let stats = Self {
            registry,
            id: rand::random::<u64>() >> 16,
            collections,
            failures,
            dropped_samples,
            sent,
            sent_bytes,
            refused,
            retried,
            dropped,
            merged,
            last_sent,
            up,
            waiting,
            clock_skew,
            gateway,
            conflicting,
            conflict,
            reload_successful,
            reload_success_time,
        };
        stats.reloaded(true);
        Ok(stats)
    }

    /// Alerts need the series before the first failure.
    pub fn endpoint(&self, endpoint: &str) {
        for counter in [&self.sent, &self.sent_bytes, &self.merged] {
            counter.with_label_values(&[endpoint]);
        }
        for (counter, reasons) in
            [(&self.dropped, DROPPED), (&self.retried, RETRIED), (&self.refused, REFUSED)]
        {
            for reason in reasons {
                counter.with_label_values(&[endpoint, reason]);
            }
        }
        self.waiting(endpoint, 0);
        self.conflicting.with_label_values(&[endpoint]);
    }

    /// So many snapshots wait for an endpoint.
    pub fn waiting(&self, endpoint: &str, count: usize) {
        self.waiting.with_label_values(&[endpoint]).set(count as f64);
    }

    /// The clock here is so far ahead of an endpoint's.
    pub fn clock_skew(&self, endpoint: &str, seconds: f64) {
        self.clock_skew.with_label_values(&[endpoint]).set(seconds);
    }

    /// Whether this one of an endpoint's gateways is pushed to.
    pub fn gateway(&self, endpoint: &str, gateway: &str, in_use: bool) {
        self.gateway.with_label_values(&[endpoint, gateway]).set(f64::from(u8::from(in_use)));
    }

    /// A source was read, or failed for a reason.
    pub fn collected(&self, source: &str, failure: Option<&str>) {
        self.collections.with_label_values(&[source]).inc();
        if let Some(reason) = failure {
            self.failures.with_label_values(&[source, reason]).inc();
        }
    }

    /// Samples of one page were left out.
    pub fn dropped_samples(&self, source: &str, reason: &str, count: usize) {
        self.dropped_samples.with_label_values(&[source, reason]).inc_by(count as u64);
    }

    /// A source that may fail, or drop samples, for these reasons: alerts need the series before.
    pub fn source(&self, source: &str, failures: &[&str], drops: &[&str]) {
        self.collections.with_label_values(&[source]);
        for (counter, reasons) in [(&self.failures, failures), (&self.dropped_samples, drops)] {
            for reason in reasons {
                counter.with_label_values(&[source, reason]);
            }
        }
    }

    /// An endpoint took a snapshot.
    pub fn sent(&self, endpoint: &str, bytes: usize, now: f64) {
        self.sent.with_label_values(&[endpoint]).inc();
        self.sent_bytes.with_label_values(&[endpoint]).inc_by(bytes as u64);
        self.last_sent.with_label_values(&[endpoint]).set(now);
        self.up.with_label_values(&[endpoint]).set(1.0);
    }

    /// An endpoint refused a snapshot.
    pub fn refused(&self, endpoint: &str, reason: &str) {
        self.refused.with_label_values(&[endpoint, reason]).inc();
        self.up.with_label_values(&[endpoint]).set(1.0);
    }

    /// A push failed and will be tried again.
    pub fn retried(&self, endpoint: &str, reason: &str) {
        self.retried.with_label_values(&[endpoint, reason]).inc();
        self.up.with_label_values(&[endpoint]).set(0.0);
    }

    /// Samples were left out of a push.
    pub fn merged(&self, endpoint: &str, count: usize) {
        self.merged.with_label_values(&[endpoint]).inc_by(count as u64);
    }

    /// Another agent begins to push a group, or pushes it no more; `all` groups are pushed so now.
    pub fn conflict(&self, endpoint: &str, group: &str, begins: bool, all: usize) {
        self.conflicting.with_label_values(&[endpoint]).set(all as f64);
        if !begins {
            // What is not there need not be removed.
            let _ = self.conflict.remove_label_values(&[endpoint, group]);
        } else if all <= CONFLICTS {
            self.conflict.with_label_values(&[endpoint, group]).set(1.0);
        }
    }

    /// A snapshot was given up.
    pub fn dropped(&self, endpoint: &str, reason: &str) {
        self.dropped.with_label_values(&[endpoint, reason]).inc();
    }

    /// The settings were read again; whether that worked.
    pub fn reloaded(&self, worked: bool) {
        self.reload_successful.set(f64::from(u8::from(worked)));
        if worked {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.reload_success_time.set(now.as_secs_f64());
        }
    }
}
