//! From a page as it was read to what is sent of it.

use std::time::SystemTime;

use exposition::{Page, Rewrite};

use super::fetch::Failure;
use super::selection::{DROPPED, Selected};
use super::synthetic::Report;
use super::{Scrape, clashing};

impl Scrape {
    /// The page with the target's labels on, as its rules leave it, without the samples that cannot stay.
    pub(super) fn labelled(
        &mut self,
        page: &Page,
        report: &mut Report,
        now: SystemTime,
    ) -> Result<Page, Failure> {
        // At its first page, and at one that comes back.
        if self.selection.is_new()
            && !self.explained
            && let Some(clash) = clashing::explained(page, &self.key, self.clash)
        {
            tracing::info!(about = self.name, "{clash}");
            self.explained = true;
        }
        let labels: Vec<(&str, &str)> = self.key.iter().collect();
        let (clash, keep_timestamps) = (self.clash, self.keep_timestamps);
        let how = Rewrite { labels: &labels, clash, keep_timestamps, ..Rewrite::default() };
        let mut page = page.rewrite(&how);
        if let Some(relabel) = &mut self.relabel {
            page = relabel.page(&page).map_err(|(reason, message)| Failure {
                reason,
                message: format!("{}: {message}", self.name),
            })?;
        }
        // Prometheus counts what its rules leave, whatever becomes of it then.
        report.kept = page.sample_count();
        let Selected { page, added, dropped } = self.selection.select(page, &self.key, now);
        report.added = added;
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
        Ok(page)
    }
}
