//! From a page as it was read to what is sent of it.

use std::time::SystemTime;

use exposition::protobuf::Natives;
use exposition::{GroupingKey, Page, Rewrite};

use super::fetch::Failure;
use super::relabelled::{Refused, Relabel};
use super::selection::{DROPPED, Dropped, Selected, Selection};
use super::synthetic::Report;
use super::{Scrape, clashing};
use crate::config::Target;

/// What is remembered of the series of one page, from scrape to scrape.
pub(super) struct Shape {
    relabel: Option<Relabel>,
    selection: Selection,
}

impl Shape {
    pub(super) fn of(target: &Target) -> Self {
        Self { relabel: Relabel::of(target), selection: Selection::default() }
    }

    /// The next page is the first one again.
    pub(super) fn forget(&mut self) {
        self.selection.forget();
    }

    /// The page with labels on, as the rules leave it, without the samples that cannot stay.
    fn page(
        &mut self,
        page: &Page,
        how: &Rewrite<'_>,
        key: &GroupingKey,
        report: &mut Report,
        now: SystemTime,
    ) -> Result<(Page, Dropped), Refused> {
        // Most pages are the one before with other values; rules see each of them anew.
        let before = self.selection.before().filter(|_| self.relabel.is_none());
        let again = before.and_then(|before| page.rewrite_like(how, before));
        let mut page = again.unwrap_or_else(|| page.rewrite(how));
        if let Some(relabel) = &mut self.relabel {
            page = relabel.page(&page)?;
        }
        // Prometheus counts what its rules leave, whatever becomes of it then.
        report.kept += page.sample_count();
        let Selected { page, added, dropped } = self.selection.select(page, key, now);
        report.added += added;
        Ok((page, dropped))
    }
}

impl Scrape {
    /// The page and the native histograms with the target's labels on, as its rules leave them, without the
    /// samples that cannot stay.
    pub(super) fn labelled(
        &mut self,
        page: &Page,
        natives: Option<&Natives>,
        report: &mut Report,
        now: SystemTime,
    ) -> Result<(Page, Option<Natives>), Failure> {
        // At its first page, and at one that comes back.
        if self.shape.selection.is_new()
            && !self.explained
            && let Some(clash) = clashing::explained(page, &self.key, self.clash)
        {
            tracing::info!(about = self.name, "{clash}");
            self.explained = true;
        }
        let labels: Vec<(&str, &str)> = self.key.iter().collect();
        let (clash, keep_timestamps) = (self.clash, self.keep_timestamps);
        let how = Rewrite { labels: &labels, clash, keep_timestamps, ..Rewrite::default() };
        let failure =
            |(reason, message): Refused| Failure { reason, message: format!("{}: {message}", self.name) };
        let (page, mut dropped) = self.shape.page(page, &how, &self.key, report, now).map_err(failure)?;
        let mut kept = None;
        if let Some(natives) = natives {
            let (page, more) =
                self.native_shape.page(natives.page(), &how, &self.key, report, now).map_err(failure)?;
            kept = Some(natives.with_page(page));
            for ((count, first), (others, other)) in dropped.iter_mut().zip(more) {
                *count += others;
                *first = first.take().or(other);
            }
        } else {
            self.native_shape.forget();
        }
        self.left_out(dropped);
        Ok((page, kept))
    }

    /// Counts what cannot stay, and says it once.
    fn left_out(&mut self, dropped: Dropped) {
        for ((reason, why), (count, first)) in DROPPED.into_iter().zip(dropped) {
            if count > 0 {
                self.stats.dropped_samples(&self.name, reason, count);
            }
            let Some(first) = first else {
                self.dropping.remove(reason);
                continue;
            };
            if self.dropping.insert(reason) {
                tracing::warn!(target = self.name, reason, count, "samples are left out: {first} {why}");
            }
        }
    }
}
