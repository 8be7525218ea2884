//! The host's metrics: one file a collector, one line in [`COLLECTORS`].
//!
//! Where `node_exporter` has a metric of the same meaning, its name, labels and type are used, so
//! that its dashboards fit. A collector that fails or hangs takes no other with it.

mod cpu;
mod disk;
mod filesystem;
mod load;
mod memory;
mod network;
mod processes;
mod reader;
mod system;
mod temperature;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use exposition::{GroupingKey, Kind, Page, PageBuilder, Rewrite};
use futures_util::future::join_all;
use sysinfo::System;

use super::{Collecting, Source, up};
use crate::config::HostSettings;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use reader::{Reader, Report};

/// A reading that takes longer hangs; less than half of the usual grace, so that the last one says so.
pub(crate) const LONGEST: Duration = Duration::from_secs(3);

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

/// Where a collector reads, and what it keeps between two readings.
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
        Self { procfs, sysfs, rootfs, system: None, cpu: Vec::new() }
    }

    /// The same machine, nothing of it read yet.
    fn anew(&self) -> Self {
        Self::new(self.procfs.clone(), self.sysfs.clone(), self.rootfs.clone())
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
    readers: Vec<Reader>,
    longest: Duration,
    failing: Vec<String>,
    stats: Arc<Stats>,
}

impl Host {
    /// With the collectors that the settings name, read at each `interval`.
    pub fn new(settings: &HostSettings, interval: Duration, key: GroupingKey, stats: Arc<Stats>) -> Self {
        let HostSettings { procfs, sysfs, rootfs, .. } = settings.clone();
        let fresh = Machine::new(procfs, sysfs, rootfs);
        let wanted = |name: &str| settings.collectors.iter().any(|wanted| wanted == name);
        let wanted = COLLECTORS.iter().filter(|(name, _)| wanted(name));
        let readers = wanted.map(|(name, collect)| Reader::new(name, *collect, fresh.anew())).collect();
        stats.source("host", &["collector"], &[]);
        Self { key, readers, longest: LONGEST.min(interval / 2), failing: Vec::new(), stats }
    }

    async fn snapshot(&mut self) -> Snapshot {
        let taken_at = SystemTime::now();
        let longest = self.longest;
        let reports = join_all(self.readers.iter_mut().map(|reader| reader.read(longest))).await;
        let mut failing = Vec::new();
        for (name, message) in
            reports.iter().filter_map(|report| Some((report.name, report.failure.as_ref()?)))
        {
            let message = format!("{name}: {message}");
            if !self.failing.contains(&message) {
                tracing::warn!(collector = name, "host metrics cannot be read: {message}");
            }
            failing.push(message);
        }
        self.stats.collected("host", (!failing.is_empty()).then_some("collector"));
        self.failing = failing;
        let up = reports.is_empty() || reports.iter().any(|report| report.failure.is_none());
        let labels: Vec<(&str, &str)> = self.key.iter().collect();
        let how = Rewrite { labels: &labels, ..Rewrite::default() };
        let said = said(&reports, up);
        let pages = std::iter::once(&said).chain(reports.iter().map(|report| &report.page));
        let pages = pages.map(|page| page.rewrite(&how)).collect();
        Snapshot { up, ..Snapshot::new("host", self.key.clone(), taken_at, pages) }
    }
}

/// How the reading went, as `node_exporter` says it.
fn said(reports: &[Report], up: bool) -> Page {
    let mut page = PageBuilder::new();
    let name = "node_scrape_collector_duration_seconds";
    page.family(name, "node_exporter: Duration of a collector scrape.", Kind::Gauge);
    for Report { name: collector, took, .. } in reports {
        page.sample(name, &[("collector", collector)], took.as_secs_f64());
    }
    let name = "node_scrape_collector_success";
    page.family(name, "node_exporter: Whether a collector succeeded.", Kind::Gauge);
    for Report { name: collector, failure, .. } in reports {
        page.sample(name, &[("collector", collector)], f64::from(u8::from(failure.is_none())));
    }
    up::write(&mut page, &[], up);
    page.finish()
}

impl Source for Host {
    fn name(&self) -> &'static str {
        "host"
    }

    fn collect(&mut self) -> Collecting<'_> {
        Box::pin(self.snapshot())
    }

    fn gone(&self) -> Option<Snapshot> {
        Some(up::gone("host", &self.key))
    }

    fn failure(&self) -> Option<String> {
        (!self.failing.is_empty()).then(|| self.failing.join("; "))
    }

    fn forget(&self) {
        self.stats.forget("host");
    }
}

/// One gauge without labels.
fn gauge(page: &mut PageBuilder, name: &str, help: &str, value: f64) {
    page.family(name, help, Kind::Gauge);
    page.sample(name, &[], value);
}
