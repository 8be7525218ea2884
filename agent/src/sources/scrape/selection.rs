//! Which samples of a page stay: Prometheus would not take the others either, or not the page.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use exposition::{GroupingKey, Page, Rewrite, Sample, Sheet};

use super::synthetic;
use crate::series::{Series, shown};

/// Further ahead than this a timestamp is wrong, as Prometheus sees it.
const AHEAD_MS: i64 = 600_000;

/// Why samples are left out, and what is said of that once.
pub(super) const DROPPED: [(&str, &str); 3] = [
    ("duplicate", "stands on the page already"),
    ("future", "has a timestamp more than 10 minutes ahead"),
    ("synthetic", "is what the agent itself says of a scrape"),
];

/// A page without the samples that were left out.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) page: Page,
    /// Series that the page before did not have.
    pub(super) added: usize,
    pub(super) dropped: Dropped,
}

/// What is remembered of the page before.
#[derive(Debug, Default)]
pub(super) struct Selection {
    series: Series,
    before: Option<Before>,
}

#[derive(Debug)]
struct Before {
    /// As it was before anything was left out.
    page: Sheet,
    /// The series that stayed, where some did not: otherwise the page says it.
    stayed: Option<HashSet<u64>>,
}

impl Selection {
    /// Whether there is no page before, or none that was good.
    pub(super) fn is_new(&self) -> bool {
        self.before.is_none()
    }

    /// Whether there is a page before, and all of it stayed.
    pub(super) fn is_whole(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.stayed.is_none())
    }

    /// The next page is the first one again.
    pub(super) fn forget(&mut self) {
        self.before = None;
    }

    /// The next page has the series of the one before, of which all stayed, and no timestamps.
    pub(super) fn again(&mut self, page: Sheet) {
        self.before = Some(Before { page, stayed: None });
    }

    /// Goes over a page that has the target's labels on it.
    pub(super) fn select(&mut self, page: Page, key: &GroupingKey, now: SystemTime) -> Selected {
        // Most pages are the one before with other values.
        let before = self.before.take();
        let unchanged = before
            .as_ref()
            .is_some_and(|before| before.stayed.is_none() && before.page.page().same_series(&page));
        if unchanged && !page.has_timestamps() {
            self.again(page.clone().into());
            return Selected { page, added: 0, dropped: [(0, None), (0, None), (0, None)] };
        }
        let known = before.map_or_else(HashSet::new, |Before { page, stayed }| {
            stayed.unwrap_or_else(|| page.page().samples().map(|sample| self.series.of(&sample)).collect())
        });
        let (whole, (page, series, dropped)) = (page.clone(), select(&self.series, page, key, now));
        let added = series.difference(&known).count();
        let all_stayed = dropped.iter().all(|(count, _)| *count == 0);
        self.before = Some(Before { page: whole.into(), stayed: (!all_stayed).then_some(series) });
        Selected { page, added, dropped }
    }
}

/// How many were left out and the first of them, for each of [`DROPPED`].
pub(super) type Dropped = [(usize, Option<String>); 3];

/// The page without what does not stay, the series that do, and what does not.
fn select(series: &Series, page: Page, key: &GroupingKey, now: SystemTime) -> (Page, HashSet<u64>, Dropped) {
    let mut labels: Vec<_> = key.iter().filter(|(_, value)| !value.is_empty()).collect();
    labels.sort_unstable();
    let ours: HashSet<u64> =
        synthetic::NAMES.iter().map(|name| series.named(name, labels.iter().copied())).collect();
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let latest = i64::try_from(now).unwrap_or(i64::MAX).saturating_add(AHEAD_MS);
    let mut seen = HashSet::with_capacity(page.sample_count());
    let mut dropped = [(0, None), (0, None), (0, None)];
    let mut stays = |sample: Sample<'_>| {
        let id = series.of(&sample);
        let why = if ours.contains(&id) {
            2
        } else if sample.timestamp_ms().is_some_and(|stamp| stamp > latest) {
            1
        } else if seen.insert(id) {
            return true;
        } else {
            0
        };
        let (count, first) = &mut dropped[why];
        *count += 1;
        first.get_or_insert_with(|| shown(&sample));
        false
    };
    let stay: Vec<bool> = page.samples().map(&mut stays).collect();
    let page = if stay.contains(&false) {
        // A page that was rewritten has its families in one piece each, so samples come in this order.
        let mut stay = stay.into_iter();
        let how = Rewrite { keep_timestamps: true, ..Rewrite::default() };
        page.rewrite_where(&how, |_| stay.next().unwrap_or(true))
    } else {
        page
    };
    (page, seen, dropped)
}
