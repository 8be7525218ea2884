//! The host's metrics: one file a collector, one line in [`COLLECTORS`].
//!
//! Where `node_exporter` has a metric of the same meaning, its name, labels and type are used, so
//! that its dashboards fit. A collector that fails takes no other with it.

mod cpu;
mod disk;
mod filesystem;
mod load;
mod memory;
mod network;
mod processes;
mod system;
mod temperature;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use exposition::{GroupingKey, Kind, PageBuilder, Rewrite};
use sysinfo::System;

use super::{Collecting, Source, up};
use crate::config::HostSettings;
use crate::snapshot::Snapshot;
use crate::stats::Stats;

/// Writes its families, or says why it cannot.
pub type Collector = fn(&mut Machine, &mut PageBuilder) -> Result<(), String>;

/// All collectors by name.
pub const COLLECTORS: &[(&str, Collector)] = &[
    ("cpu", cpu::collect),
    ("disk", disk::collect),
    ("filesystem", filesystem::collect),
    ("load", load::collect),
    ("memory", memory::collect),
    ("network", network::collect),
    ("processes", processes::collect),
    ("system", system::collect),
    ("temperature", temperature::collect),
];

/// What collectors keep between two readings.
#[derive(Debug)]
pub struct Machine {
    procfs: PathBuf,
    sysfs: PathBuf,
    rootfs: PathBuf,
    system: Option<System>,
    /// What `/proc/stat` said at the last reading, by core.
    cpu: Vec<(String, cpu::Times)>,
}

impl Machine {
    /// Nothing is read yet.
    pub fn new(procfs: PathBuf, sysfs: PathBuf, rootfs: PathBuf) -> Self {
        Self { procfs, sysfs, rootfs, system: System::new().ok(), cpu: Vec::new() }
    }

    /// A file of `/proc`.
    fn read(&self, name: &str) -> Result<String, String> {
        let path = self.procfs.join(name);
        std::fs::read_to_string(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
    }
}

/// The host as a source.
#[derive(Debug)]
pub struct Host {
    key: GroupingKey,
    machine: Machine,
    collectors: Vec<&'static (&'static str, Collector)>,
    failing: Vec<String>,
    stats: Arc<Stats>,
}

impl Host {
    /// With the collectors that the settings name.
    pub fn new(settings: &HostSettings, key: GroupingKey, stats: Arc<Stats>) -> Self {
        let wanted = |name: &str| settings.collectors.iter().any(|wanted| wanted == name);
        let collectors = COLLECTORS.iter().filter(|(name, _)| wanted(name)).collect();
        let HostSettings { procfs, sysfs, rootfs, .. } = settings.clone();
        let machine = Machine::new(procfs, sysfs, rootfs);
        stats.source("host", &["collector"], &[]);
        Self { key, machine, collectors, failing: Vec::new(), stats }
    }

    fn snapshot(&mut self) -> Snapshot {
        let mut page = PageBuilder::new();
        let mut reports = Vec::new();
        let mut failing = Vec::new();
        for (name, collect) in &self.collectors {
            let began = Instant::now();
            let failure = collect(&mut self.machine, &mut page).err();
            reports.push((*name, began.elapsed().as_secs_f64(), failure.is_none()));
            if let Some(message) = failure {
                let message = format!("{name}: {message}");
                if !self.failing.contains(&message) {
                    tracing::warn!(collector = name, "host metrics cannot be read: {message}");
                }
                failing.push(message);
            }
        }
        self.stats.collected("host", (!failing.is_empty()).then_some("collector"));
        self.failing = failing;
        let name = "node_scrape_collector_duration_seconds";
        page.family(name, "node_exporter: Duration of a collector scrape.", Kind::Gauge);
        for (collector, seconds, _) in &reports {
            page.sample(name, &[("collector", collector)], *seconds);
        }
        let name = "node_scrape_collector_success";
        page.family(name, "node_exporter: Whether a collector succeeded.", Kind::Gauge);
        for (collector, _, success) in &reports {
            page.sample(name, &[("collector", collector)], f64::from(u8::from(*success)));
        }
        let up = reports.is_empty() || reports.iter().any(|(_, _, success)| *success);
        up::write(&mut page, &[], up);
        let labels: Vec<(&str, &str)> = self.key.iter().collect();
        let page = page.finish().rewrite(&Rewrite { labels: &labels, ..Rewrite::default() });
        Snapshot {
            source: "host".to_owned(),
            key: self.key.clone(),
            taken_at: SystemTime::now(),
            pages: vec![page],
            up,
            last: false,
        }
    }
}

impl Source for Host {
    fn name(&self) -> &'static str {
        "host"
    }

    fn collect(&mut self) -> Collecting<'_> {
        Box::pin(async { self.snapshot() })
    }
}

/// One gauge without labels.
fn gauge(page: &mut PageBuilder, name: &str, help: &str, value: f64) {
    page.family(name, help, Kind::Gauge);
    page.sample(name, &[], value);
}
