//! What the agent says of itself: everything sent, refused, retried and dropped, with the reason.

mod counting;
mod gone;
mod sources;
mod writes;

pub use writes::Writes;

use exposition::{Page, PageBuilder, registry};
use prometheus::{Error, Gauge, GaugeVec, IntCounterVec, Opts, Registry};
use service::instruments::registered;
use sources::Sources;

/// The agent's own instruments.
#[derive(Debug)]
pub struct Stats {
    /// Where all of them are but those of sources.
    registry: Registry,
    /// Which agent this is: a random number of 48 bits, which a float holds exactly; another after each start.
    pub id: u64,
    /// Of receivers of remote write.
    pub writes: Writes,
    sources: Sources,
    sent: IntCounterVec,
    sent_bytes: IntCounterVec,
    refused: IntCounterVec,
    retried: IntCounterVec,
    dropped: IntCounterVec,
    merged: IntCounterVec,
    native_histograms: IntCounterVec,
    last_sent: GaugeVec,
    up: GaugeVec,
    waiting: GaugeVec,
    quarantined: GaugeVec,
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
            registered(&registry, IntCounterVec::new(Opts::new(name, help), labels))
        };
        let gauges = |name: &str, help: &str| {
            registered(&registry, GaugeVec::new(Opts::new(name, help), &["endpoint"]))
        };
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
        let native_histograms = counters(
            "pushpull_agent_unpushed_native_histograms_total",
            "Native histograms left out of pushes, which are text: their classic parts are pushed.",
            &["endpoint"],
        )?;
        let last_sent = gauges(
            "pushpull_agent_last_sent_time_seconds",
            "Unix time of the last push that an endpoint took.",
        )?;
        let up = gauges("pushpull_agent_endpoint_up", "Whether the last push to an endpoint was answered.")?;
        let quarantined = gauges(
            "pushpull_agent_quarantined_families",
            "Families left out of pushes, since the gateway refuses them by name.",
        )?;
        let waiting = gauges(
            "pushpull_agent_waiting_snapshots",
            "Snapshots that wait for an endpoint; at most one of each group.",
        )?;
        let clock_skew = gauges(
            "pushpull_agent_clock_skew_seconds",
            "How far the clock here is ahead of an endpoint's, from the Date of its answers; below 0 it is behind.",
        )?;
        let help = "Which of an endpoint's several gateways is pushed to.";
        let gateway = Opts::new("pushpull_agent_gateway_in_use", help);
        let gateway = registered(&registry, GaugeVec::new(gateway, &["endpoint", "gateway"]))?;
        let conflicting = gauges(
            "pushpull_agent_conflicting_groups",
            "Groups that another agent pushes, too: each takes the other's values away.",
        )?;
        let help = "1 where another agent pushes this group, too; of each endpoint the first 20 groups.";
        let conflict = Opts::new("pushpull_agent_group_conflict", help);
        let conflict = registered(&registry, GaugeVec::new(conflict, &["endpoint", "group"]))?;
        let single = |name: &str, help: &str| registered(&registry, Gauge::new(name, help));
        let reload_successful = single(
            "pushpull_agent_config_last_reload_successful",
            "Whether the last reload of the settings worked; 1 before the first.",
        )?;
        let reload_success_time = single(
            "pushpull_agent_config_last_reload_success_timestamp_seconds",
            "Unix time at which the settings in effect were read.",
        )?;
        let writes = Writes::new(&registry)?;
        registry.register(service::process::collector()?)?;
        registry.register(service::process::build_info("pushpull-agent")?)?;
        let stats = Self {
            registry,
            id: rand::random::<u64>() >> 16,
            writes,
            sources: Sources::default(),
            sent,
            sent_bytes,
            refused,
            retried,
            dropped,
            merged,
            native_histograms,
            last_sent,
            up,
            waiting,
            quarantined,
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

    /// All of them as they are now.
    pub fn page(&self) -> Page {
        let mut page = PageBuilder::new();
        registry::write(&self.registry.gather(), &mut page);
        self.sources.write(&mut page);
        page.finish()
    }
}
