//! Scraping one target: the page with the target's labels, and what Prometheus says of a scrape.

mod client;
mod content;
mod fetch;
mod selection;
mod synthetic;

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use exposition::{Clash, GroupingKey, Page, Rewrite};

use super::{Collecting, Source};
use crate::config::Target;
use crate::series::Series;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use fetch::{Failure, Fetcher};
use selection::{DROPPED, Selected};
use synthetic::Report;

/// One target.
pub struct Scrape {
    name: String,
    key: GroupingKey,
    clash: Clash,
    fetcher: Fetcher,
    stats: Arc<Stats>,
    series: Series,
    /// The series of the scrape before, for `scrape_series_added`.
    before: HashSet<u64>,
    /// What went wrong last time, so that it is logged once and not each interval.
    failing: Option<String>,
    /// Why samples were left out last time.
    dropping: BTreeSet<&'static str>,
}

impl Scrape {
    /// A target that was not scraped yet, called by a name that no other has; at this address, where the
    /// URL's host has several.
    pub fn new(
        name: &str,
        target: &Target,
        address: Option<SocketAddr>,
        key: GroupingKey,
        stats: Arc<Stats>,
    ) -> Self {
        let name = address.map_or_else(|| name.to_owned(), |address| format!("{name} at {address}"));
        stats.source(&name, fetch::REASONS, &DROPPED.map(|(reason, _)| reason));
        Self {
            name,
            key,
            clash: if target.honor_labels { Clash::Keep } else { Clash::Export },
            fetcher: Fetcher::new(target, address),
            stats,
            series: Series::default(),
            before: HashSet::new(),
            failing: None,
            dropping: BTreeSet::new(),
        }
    }

    async fn snapshot(&mut self) -> Snapshot {
        let (taken_at, began) = (SystemTime::now(), Instant::now());
        let fetched = self.fetcher.fetch().await;
        let mut report = Report { duration: began.elapsed(), ..Report::default() };
        match fetched {
            Ok(fetched) => {
                report.body_bytes = fetched.bytes as f64;
                report.samples = fetched.page.sample_count();
                let page = self.labelled(&fetched.page, &mut report, taken_at);
                self.stats.collected(&self.name, None);
                if self.failing.take().is_some() {
                    tracing::info!(target = self.name, "scrapes work again");
                }
                self.says(taken_at, &report, Some(page))
            }
            Err(failure) => self.failed(taken_at, report, &failure),
        }
    }

    fn failed(&mut self, taken_at: SystemTime, report: Report, failure: &Failure) -> Snapshot {
        self.before.clear();
        self.stats.collected(&self.name, Some(failure.reason));
        if self.failing.as_ref() != Some(&failure.message) {
            tracing::warn!(target = self.name, reason = failure.reason, "scrape failed: {}", failure.message);
            self.failing = Some(failure.message.clone());
        }
        self.says(taken_at, &Report { body_bytes: -1.0, ..report }, None)
    }

    fn says(&self, taken_at: SystemTime, report: &Report, page: Option<Page>) -> Snapshot {
        let up = page.is_some();
        let pages = std::iter::once(report.page(up, &self.key)).chain(page).collect();
        Snapshot { source: self.name.clone(), key: self.key.clone(), taken_at, pages, up, last: false }
    }

    /// The page with the target's labels on, without the samples that cannot stay.
    fn labelled(&mut self, page: &Page, report: &mut Report, now: SystemTime) -> Page {
        let labels: Vec<(&str, &str)> = self.key.iter().collect();
        let how = Rewrite { labels: &labels, clash: self.clash, keep_timestamps: true, ..Rewrite::default() };
        let Selected { page, series, dropped } =
            selection::select(&self.series, page.rewrite(&how), &self.key, now);
        report.kept = page.sample_count();
        report.added = series.difference(&self.before).count();
        self.before = series;
        for ((reason, why), (count, first)) in DROPPED.into_iter().zip(dropped) {
            self.stats.dropped_samples(&self.name, reason, count);
            let Some(first) = first else {
                self.dropping.remove(reason);
                continue;
            };
            if self.dropping.insert(reason) {
                tracing::warn!(target = self.name, reason, count, "samples are left out: {first} {why}");
            }
        }
        page
    }
}

impl Source for Scrape {
    fn name(&self) -> &str {
        &self.name
    }

    fn collect(&mut self) -> Collecting<'_> {
        Box::pin(self.snapshot())
    }

    fn looks(&self) -> bool {
        true
    }

    fn late(&mut self, after: Duration) -> Option<Snapshot> {
        let failure = self.fetcher.late(after);
        Some(self.failed(SystemTime::now(), Report { duration: after, ..Report::default() }, &failure))
    }

    fn failure(&self) -> Option<String> {
        self.failing.clone()
    }

    fn forget(&self) {
        // Addresses come and go for ever; what is counted of them must not stay for ever.
        self.stats.forget(&self.name, fetch::REASONS, &DROPPED.map(|(reason, _)| reason));
    }

    fn gone(&self) -> Option<Snapshot> {
        let report = Report { body_bytes: -1.0, ..Report::default() };
        Some(Snapshot { last: true, ..self.says(SystemTime::now(), &report, None) })
    }
}
