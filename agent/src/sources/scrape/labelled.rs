//! From a page as it was read to what is sent of it.

use std::sync::Arc;
use std::time::SystemTime;

use exposition::protobuf::Natives;
use exposition::{Clash, Filled, Form, GroupingKey, Page, Rewrite, Sheet};

use super::fetch::Failure;
use super::fetched::Answer;
use super::relabelled::{Refused, Relabel};
use super::selection::{DROPPED, Dropped, Selected, Selection};
use super::synthetic::Report;
use super::{Scrape, body, clashing};
use crate::config::Target;

/// What is remembered of the series of one page, from scrape to scrape.
pub(super) struct Shape {
    relabel: Option<Relabel>,
    selection: Selection,
    /// How the page before stood, if it was a text and had the series of the one before that.
    form: Option<Arc<Form>>,
}

impl Shape {
    pub(super) fn of(target: &Target) -> Self {
        Self { relabel: Relabel::of(target), selection: Selection::default(), form: None }
    }

    /// The next page is the first one again.
    pub(super) fn forget(&mut self) {
        self.selection.forget();
        self.form = None;
    }

    /// The page in a text that is the one before but for its values: most are.
    fn again(&mut self, text: &[u8]) -> Option<Filled> {
        let filled = self.form.as_ref()?.read(text)?;
        self.selection.again(filled.clone().into());
        Some(filled)
    }

    /// The page with labels on, as the rules leave it, without the samples that cannot stay.
    fn page(
        &mut self,
        page: &Page,
        how: &Rewrite<'_>,
        key: &GroupingKey,
        report: &mut Report,
        (now, is_text): (SystemTime, bool),
    ) -> Result<(Page, Dropped), Refused> {
        let mut made = page.rewrite(how);
        if let Some(relabel) = &mut self.relabel {
            made = relabel.page(&made)?;
        }
        // Prometheus counts what its rules leave, whatever becomes of it then.
        report.kept += made.sample_count();
        let Selected { page: selected, added, dropped } = self.selection.select(made, key, now);
        report.added += added;
        // Rules see each page anew. What has other series each time is not worth a form.
        let same = is_text && added == 0 && self.relabel.is_none() && self.selection.is_whole();
        self.form = same.then(|| Form::of(page, &selected, how)).flatten().map(Arc::new);
        Ok((selected, dropped))
    }
}

impl Scrape {
    /// The page in an answer with the target's labels on, and its native histograms.
    pub(super) fn read(
        &mut self,
        answer: Answer,
        report: &mut Report,
        now: SystemTime,
    ) -> Result<(Sheet, Option<Natives>), Failure> {
        report.body_bytes = answer.body.len() as f64;
        if let Some(filled) = answer.text().and_then(|text| self.shape.again(text)) {
            (report.samples, report.kept) = (filled.values().len(), filled.values().len());
            self.native_shape.forget();
            body::done(answer.body);
            return Ok((filled.into(), None));
        }
        let is_text = answer.text().is_some();
        let fetched = self.fetcher.page(answer)?;
        report.samples = fetched.page.sample_count() + fetched.natives.as_ref().map_or(0, Natives::len);
        self.labelled(&fetched.page, fetched.natives.as_ref(), report, (now, is_text))
    }

    /// The page and the native histograms with the target's labels on, as its rules leave them, without the
    /// samples that cannot stay. Only after one that was a text the next may be read by its form.
    pub(super) fn labelled(
        &mut self,
        page: &Page,
        natives: Option<&Natives>,
        report: &mut Report,
        (now, is_text): (SystemTime, bool),
    ) -> Result<(Sheet, Option<Natives>), Failure> {
        // At its first page, and at one that comes back.
        if self.shape.selection.is_new()
            && !self.explained
            && let Some(clash) = clashing::explained(page, &self.key, self.clash)
        {
            tracing::info!(about = self.name, "{clash}");
            self.explained = true;
        }
        let labels: Vec<(&str, &str)> = self.key.iter().collect();
        let how = how(&labels, self.clash, self.keep_timestamps);
        let failure =
            |(reason, message): Refused| Failure { reason, message: format!("{}: {message}", self.name) };
        let (page, mut dropped) =
            self.shape.page(page, &how, &self.key, report, (now, is_text)).map_err(failure)?;
        let mut kept = None;
        if let Some(natives) = natives {
            let (page, more) = self
                .native_shape
                .page(natives.page(), &how, &self.key, report, (now, false))
                .map_err(failure)?;
            kept = Some(natives.with_page(page));
            for ((count, first), (others, other)) in dropped.iter_mut().zip(more) {
                *count += others;
                *first = first.take().or(other);
            }
        } else {
            self.native_shape.forget();
        }
        self.left_out(dropped);
        Ok((page.into(), kept))
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

fn how<'a>(labels: &'a [(&'a str, &'a str)], clash: Clash, keep_timestamps: bool) -> Rewrite<'a> {
    Rewrite { labels, clash, keep_timestamps, ..Rewrite::default() }
}
