//! Pages that scripts and batch jobs leave in files, read as `node_exporter`'s textfile collector reads them.
//!
//! A file that is broken is left out and named; the others go on. What is said of the files has that
//! collector's names, so that its alerts fit.

mod folder;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exposition::{Clash, GroupingKey, Kind, Limits, Page, PageBuilder, Rewrite};
use service::apart::Apart;

use super::file::{self, Unread};
use super::{Collecting, Source, up};
use crate::config::Textfile;
use crate::series::{Series, shown};
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use folder::Files;

/// A reading that takes longer hangs; less than half of the usual grace, so that the last one says so.
const LONGEST: Duration = Duration::from_secs(3);
const MTIME: &str = "node_textfile_mtime_seconds";
const ERROR: &str = "node_textfile_scrape_error";
/// Why samples are left out.
const DROPPED: [&str; 1] = ["duplicate"];

/// The files of one setting.
pub struct Textfiles {
    name: String,
    path: PathBuf,
    limits: Limits,
    longest: Duration,
    key: GroupingKey,
    apart: Apart<Result<Files, Unread>>,
    series: Series,
    /// What was wrong last time, so that it is logged once and not each interval.
    failing: BTreeSet<String>,
    stats: Arc<Stats>,
}

impl Textfiles {
    /// Nothing is read yet; read each `interval`.
    pub fn new(settings: &Textfile, interval: Duration, key: GroupingKey, stats: Arc<Stats>) -> Self {
        let name = settings.name();
        stats.source(&name, file::REASONS, &DROPPED);
        Self {
            name,
            path: settings.path.clone(),
            limits: settings.limits.page(),
            longest: LONGEST.min(interval / 2),
            key,
            apart: Apart::default(),
            series: Series::default(),
            failing: BTreeSet::new(),
            stats,
        }
    }

    async fn snapshot(&mut self) -> Snapshot {
        let taken_at = SystemTime::now();
        let (path, limits) = (self.path.clone(), self.limits);
        let read = self.apart.run(self.longest, move || folder::read(&path, &limits)).await;
        let read = read.unwrap_or_else(|error| {
            Err(Unread::new(&self.path, "hangs", format!("cannot be read: {error}")))
        });
        let up = read.is_ok();
        let Files { files, mut unread } =
            read.unwrap_or_else(|error| Files { files: Vec::new(), unread: vec![error] });
        let labels: Vec<(&str, &str)> = self.key.iter().collect();
        let how = Rewrite { labels: &labels, clash: Clash::Export, ..Rewrite::default() };
        let mut pages = vec![Page::empty()];
        let (mut read, mut seen, mut kinds) = (Vec::new(), HashSet::new(), HashMap::new());
        let mut dropped: Option<(usize, String)> = None;
        for (path, found) in files {
            let other = found.page.families().find_map(|family| {
                let (kind, before) = kinds.get(family.name())?;
                (family.kind() != *kind).then(|| {
                    format!("says that {} is a {}, in {before} it is a {kind}", family.name(), family.kind())
                })
            });
            if let Some(other) = other {
                unread.push(Unread::new(&path, "syntax", other));
                continue;
            }
            for family in found.page.families() {
                kinds.insert(family.name().to_owned(), (family.kind(), path.display().to_string()));
            }
            pages.push(found.page.rewrite_where(&how, |sample| {
                let is_new = !is_ours(sample.name()) && seen.insert(self.series.of(sample));
                if !is_new {
                    let (count, _) = dropped
                        .get_or_insert_with(|| (0, format!("{} of {}", shown(sample), path.display())));
                    *count += 1;
                }
                is_new
            }));
            read.push((path, found.changed));
        }
        let report =
            said(&read, !unread.is_empty(), up).rewrite(&Rewrite { labels: &labels, ..Rewrite::default() });
        pages[0] = report;
        self.note(&unread, dropped);
        Snapshot { up, ..Snapshot::new(self.name.clone(), self.key.clone(), taken_at, pages) }
    }

    fn note(&mut self, unread: &[Unread], dropped: Option<(usize, String)>) {
        self.stats.collected(&self.name, unread.first().map(|unread| unread.reason));
        let mut failing = BTreeSet::new();
        let left_out = dropped.map(|(count, first)| {
            self.stats.dropped_samples(&self.name, DROPPED[0], count);
            format!("samples are left out: {first} stands in another file already, or is the agent's own")
        });
        for message in unread.iter().map(|unread| unread.message.clone()).chain(left_out) {
            if !self.failing.contains(&message) {
                tracing::warn!(source = self.name, "{message}");
            }
            failing.insert(message);
        }
        self.failing = failing;
    }
}

fn is_ours(name: &str) -> bool {
    [up::NAME, MTIME, ERROR].contains(&name)
}

/// How the reading went, as `node_exporter` says it.
fn said(read: &[(PathBuf, SystemTime)], failed: bool, up: bool) -> Page {
    let mut page = PageBuilder::new();
    page.family(ERROR, "1 if there was an error opening or reading a file, 0 otherwise", Kind::Gauge);
    page.sample(ERROR, &[], f64::from(u8::from(failed)));
    page.family(MTIME, "Unixtime mtime of textfiles successfully read.", Kind::Gauge);
    for (path, changed) in read {
        let seconds = changed.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        page.sample(MTIME, &[("file", &path.to_string_lossy())], seconds);
    }
    up::write(&mut page, &[], up);
    page.finish()
}

impl Source for Textfiles {
    fn name(&self) -> &str {
        &self.name
    }

    fn collect(&mut self) -> Collecting<'_> {
        Box::pin(self.snapshot())
    }

    fn failure(&self) -> Option<String> {
        (!self.failing.is_empty())
            .then(|| self.failing.iter().map(String::as_str).collect::<Vec<_>>().join("; "))
    }

    fn gone(&self) -> Option<Snapshot> {
        Some(up::gone(&self.name, &self.key))
    }

    fn forget(&self) {
        self.stats.forget(&self.name);
    }
}
