//! Scraping one target: the page with the target's labels, and what Prometheus says of a scrape.

mod fetch;
mod synthetic;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use exposition::{Clash, GroupingKey, Page, Rewrite, Sample};

use super::{Collecting, Source};
use crate::config::Target;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use fetch::{Failure, Fetcher};
use synthetic::Report;

/// One target.
pub struct Scrape {
    name: String,
    key: GroupingKey,
    clash: Clash,
    fetcher: Fetcher,
    stats: Arc<Stats>,
    hasher: RandomState,
    /// The series of the scrape before, for `scrape_series_added`.
    before: HashSet<u64>,
    /// What went wrong last time, so that it is logged once and not each interval.
    failing: Option<String>,
}

impl Scrape {
    /// A target that was not scraped yet; at this address, where its name has several.
    pub fn new(
        target: &Target,
        address: Option<SocketAddr>,
        key: GroupingKey,
        stats: Arc<Stats>,
    ) -> Result<Self, reqwest::Error> {
        let name = crate::config::shown(&target.url);
        Ok(Self {
            name: address.map_or_else(|| name.clone(), |address| format!("{name} at {address}")),
            key,
            clash: if target.honor_labels { Clash::Keep } else { Clash::Export },
            fetcher: Fetcher::new(target, address)?,
            stats,
            hasher: RandomState::new(),
            before: HashSet::new(),
            failing: None,
        })
    }

    async fn snapshot(&mut self) -> Snapshot {
        let (taken_at, began) = (SystemTime::now(), Instant::now());
        let fetched = self.fetcher.fetch().await;
        let mut report = Report { duration: began.elapsed(), ..Report::default() };
        let scraped = match fetched {
            Ok(fetched) => {
                report.body_bytes = fetched.bytes as f64;
                report.samples = fetched.page.sample_count();
                Some(self.labelled(&fetched.page, &mut report))
            }
            Err(failure) => {
                report.body_bytes = -1.0;
                self.before.clear();
                self.note(&failure);
                None
            }
        };
        if scraped.is_some() && self.failing.take().is_some() {
            tracing::info!(target = self.name, "scrapes work again");
        }
        let up = scraped.is_some();
        if up {
            self.stats.collected(&self.name, None);
        }
        let pages = std::iter::once(report.page(up, &self.key)).chain(scraped).collect();
        self.says(taken_at, pages, up)
    }

    fn says(&self, taken_at: SystemTime, pages: Vec<Page>, up: bool) -> Snapshot {
        Snapshot { source: self.name.clone(), key: self.key.clone(), taken_at, pages, up, last: false }
    }

    /// The page with the target's labels on; of series that stand twice the first.
    fn labelled(&mut self, page: &Page, report: &mut Report) -> Page {
        let labels: Vec<(&str, &str)> = self.key.iter().collect();
        let how = Rewrite { labels: &labels, clash: self.clash, keep_timestamps: true, ..Rewrite::default() };
        let page = page.rewrite(&how);
        let mut seen = HashSet::with_capacity(page.sample_count());
        let mut first = |sample: &Sample<'_>| {
            // A target's own `up` would stand beside ours: ours tells of the scrape.
            !synthetic::NAMES.contains(&sample.name()) && seen.insert(identity(&self.hasher, sample))
        };
        let duplicates = page.samples().filter(|sample| !first(sample)).count();
        let page = if duplicates > 0 {
            self.stats.duplicates(&self.name, duplicates);
            seen.clear();
            let mut first = |sample: &Sample<'_>| {
                !synthetic::NAMES.contains(&sample.name()) && seen.insert(identity(&self.hasher, sample))
            };
            page.rewrite_where(&Rewrite { keep_timestamps: true, ..Rewrite::default() }, &mut first)
        } else {
            page
        };
        report.kept = page.sample_count();
        report.added = seen.difference(&self.before).count();
        self.before = seen;
        page
    }

    fn note(&mut self, failure: &Failure) {
        self.stats.collected(&self.name, Some(failure.reason));
        if self.failing.as_ref() != Some(&failure.message) {
            tracing::warn!(target = self.name, reason = failure.reason, "scrape failed: {}", failure.message);
            self.failing = Some(failure.message.clone());
        }
    }
}

fn identity(hasher: &RandomState, sample: &Sample<'_>) -> u64 {
    // An empty label is none, to Prometheus.
    let mut labels: Vec<_> = sample.labels().filter(|label| !label.value.is_empty()).collect();
    labels.sort_by(|left, right| left.name.cmp(right.name));
    let parts: Vec<(&str, &str)> = labels.iter().map(|label| (label.name, label.value.as_ref())).collect();
    hasher.hash_one((sample.name(), parts))
}

impl Source for Scrape {
    fn name(&self) -> &str {
        &self.name
    }

    fn collect(&mut self) -> Collecting<'_> {
        Box::pin(self.snapshot())
    }

    fn gone(&mut self) -> Option<Snapshot> {
        let report = Report { body_bytes: -1.0, ..Report::default() };
        Some(Snapshot {
            last: true,
            ..self.says(SystemTime::now(), vec![report.page(false, &self.key)], false)
        })
    }
}
