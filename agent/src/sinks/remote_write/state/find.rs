//! Finds the lines of a page among those of the page before: mostly at the same place.

use std::borrow::Cow;
use std::collections::HashMap;

use exposition::{Page, Sample};
use foldhash::fast::RandomState;

/// The pages of a reading before, as one.
pub(super) struct Before<'a> {
    pages: &'a [Cow<'a, Page>],
    /// How many samples stand before each page.
    starts: Vec<usize>,
    /// Where the next line is looked for first: the page, the place in it, and that among all.
    page: usize,
    at: usize,
    next: usize,
    /// All that were not passed yet when one was not found there.
    by_text: Option<HashMap<&'a str, usize, RandomState>>,
}

impl<'a> Before<'a> {
    pub(super) fn new(pages: &'a [Cow<'a, Page>]) -> Self {
        let starts = pages.iter().scan(0, |sum, page| {
            let start = *sum;
            *sum += page.sample_count();
            Some(start)
        });
        Self { pages, starts: starts.collect(), page: 0, at: 0, next: 0, by_text: None }
    }

    /// The place of the line that has this name and these labels, spelt just so.
    #[inline]
    pub(super) fn find(&mut self, text: &str) -> Option<usize> {
        if self.here().is_some_and(|sample| sample.series_text() == text) {
            self.at += 1;
            self.next += 1;
            return Some(self.next - 1);
        }
        self.search(text)
    }

    /// The sample that stands next.
    #[inline]
    fn here(&mut self) -> Option<Sample<'a>> {
        loop {
            let page = self.pages.get(self.page)?;
            if let Some(sample) = page.sample(self.at) {
                return Some(sample);
            }
            (self.page, self.at) = (self.page + 1, 0);
        }
    }

    fn search(&mut self, text: &str) -> Option<usize> {
        if self.next == 0 && self.pages.is_empty() {
            return None;
        }
        let (pages, next) = (self.pages, self.next);
        let by_text = self.by_text.get_or_insert_with(|| {
            let all = pages.iter().flat_map(|page| page.samples()).enumerate().skip(next);
            all.map(|(at, sample)| (sample.series_text(), at)).collect()
        });
        let found = *by_text.get(text)?;
        // Lines after this one are likely to be where they were after it.
        let page = self.starts.partition_point(|start| *start <= found).saturating_sub(1);
        (self.page, self.at) = (page, found - self.starts.get(page).copied().unwrap_or(0) + 1);
        self.next = found + 1;
        Some(found)
    }

    /// The sample at a place that was found.
    #[inline]
    pub(super) fn sample(&self, at: usize) -> Option<Sample<'a>> {
        let page =
            if self.starts.len() == 1 { 0 } else { self.starts.partition_point(|start| *start <= at) - 1 };
        self.pages.get(page)?.sample(at - self.starts.get(page)?)
    }
}
