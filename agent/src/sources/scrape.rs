//! Scraping one target: the page with the target's labels, and what Prometheus says of a scrape.

mod body;
mod clashing;
mod content;
mod exit;
mod fetch;
mod fetched;
mod labelled;
mod last;
mod redirects;
mod relabelled;
mod selection;
mod synthetic;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use exposition::{Clash, GroupingKey, Sheet};

use super::{Collecting, Source};
use crate::config::{Origin, Target};
use crate::snapshot::{Counters, Snapshot};
use crate::stats::Stats;
use crate::transport::Clients;
use exit::Exit;
use fetch::{Failure, Fetcher};
use labelled::Shape;
use selection::DROPPED;
use synthetic::{Report, Reports};

/// One target.
pub struct Scrape {
    name: String,
    key: GroupingKey,
    clash: Clash,
    keep_timestamps: bool,
    origin: Option<Origin>,
    fetcher: Fetcher,
    exit: Option<Exit>,
    /// The last scrape was good.
    is_up: bool,
    stats: Arc<Stats>,
    reports: Reports,
    shape: Shape,
    /// The same for native histograms, whose series are others.
    native_shape: Shape,
    /// What went wrong last time, so that it is logged once and not each interval.
    failing: Option<String>,
    /// What becomes of labels that clash with the group's was said.
    explained: bool,
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
        Self::made(name, target, address, key, stats)
    }

    /// One of many: with the clients of the others, as a thousand of their own cost seconds to make, and
    /// without counters of what did not happen yet, which would be most of what the agent pushes.
    pub(crate) fn one_of_many(
        name: String,
        target: &Target,
        key: GroupingKey,
        clients: &Clients,
        stats: Arc<Stats>,
    ) -> Self {
        let mut scrape = Self::made(name, target, None, key, stats);
        scrape.fetcher.share(clients);
        scrape
    }

    fn made(
        name: String,
        target: &Target,
        address: Option<SocketAddr>,
        key: GroupingKey,
        stats: Arc<Stats>,
    ) -> Self {
        Self {
            name,
            reports: Reports::of(&key),
            key,
            clash: if target.honor_labels { Clash::Keep } else { Clash::Export },
            keep_timestamps: target.honor_timestamps,
            origin: target.counter_origin,
            fetcher: Fetcher::new(target, address),
            exit: target.exit_file.as_ref().map(|path| Exit::new(path, target.limits.page())),
            is_up: false,
            stats,
            shape: Shape::of(target),
            native_shape: Shape::of(target),
            failing: None,
            explained: false,
            dropping: BTreeSet::new(),
        }
    }

    async fn snapshot(&mut self) -> Snapshot {
        let (taken_at, began) = (SystemTime::now(), Instant::now());
        let stamp = super::file::stamp();
        let (answer, mut report) = (self.fetcher.fetch().await, Report::default());
        let page = answer.and_then(|answer| self.read(answer, &mut report, taken_at));
        report.duration = began.elapsed();
        match page {
            Ok((page, natives)) => {
                self.stats.collected(&self.name, None);
                if self.failing.take().is_some() {
                    tracing::info!(target = self.name, "scrapes work again");
                }
                if let Some(exit) = &mut self.exit {
                    exit.scraped(stamp);
                }
                self.is_up = true;
                Snapshot { natives, ..self.says(taken_at, &report, true, Some(page)) }
            }
            Err(failure) => {
                let failed = self.failed(taken_at, report, &failure);
                self.exited(taken_at, report).await.unwrap_or(failed)
            }
        }
    }

    /// What the app left on its way out.
    async fn exited(&mut self, taken_at: SystemTime, mut report: Report) -> Option<Snapshot> {
        let read = self.exit.as_mut()?.read(&self.name, self.fetcher.timeout()).await?;
        report.samples = read.page.sample_count();
        // A page that its rules refuse is none; the scrape has failed already.
        let page = self.labelled(&read.page, None, &mut report, (taken_at, false));
        let page = page.inspect_err(|Failure { message, .. }| tracing::warn!("exit file: {message}")).ok()?.0;
        Some(self.says(taken_at, &Report { body_bytes: -1.0, ..report }, false, Some(page)))
    }

    fn failed(&mut self, taken_at: SystemTime, report: Report, failure: &Failure) -> Snapshot {
        self.shape.forget();
        self.native_shape.forget();
        self.is_up = false;
        self.stats.collected(&self.name, Some(failure.reason));
        if self.failing.as_ref() != Some(&failure.message) {
            tracing::warn!(target = self.name, reason = failure.reason, "scrape failed: {}", failure.message);
            self.failing = Some(failure.message.clone());
        }
        self.says(taken_at, &Report { body_bytes: -1.0, ..report }, false, None)
    }

    fn says(&self, taken_at: SystemTime, report: &Report, up: bool, page: Option<Sheet>) -> Snapshot {
        let pages = std::iter::once(self.reports.sheet(report, up, &self.key)).chain(page).collect();
        Snapshot {
            pages,
            absent: !up && self.fetcher.was_refused(),
            counters: Counters { origin: self.origin, since: None },
            up,
            ..Snapshot::new(self.name.clone(), self.key.clone(), taken_at, Vec::new())
        }
    }
}

impl Source for Scrape {
    fn name(&self) -> &str {
        &self.name
    }

    fn collect(&mut self) -> Collecting<'_> {
        Box::pin(self.snapshot())
    }

    fn last(&mut self, longest: Duration) -> Collecting<'_> {
        Box::pin(self.last_words(longest))
    }

    fn begins(&mut self, after: SystemTime) {
        if let Some(exit) = &mut self.exit {
            exit.scraped(after);
        }
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
        self.stats.forget(&self.name);
    }

    fn gone(&self) -> Option<Snapshot> {
        let report = Report { body_bytes: -1.0, ..Report::default() };
        Some(Snapshot { last: true, ..self.says(SystemTime::now(), &report, false, None) })
    }
}
