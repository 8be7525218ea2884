//! Which samples of a page stay: Prometheus would not take the others either, or not the page.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use exposition::{GroupingKey, Page, Rewrite, Sample};

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
    /// How many were left out and the first of them, for each of [`DROPPED`].
    pub(super) dropped: [(usize, Option<String>); 3],
}

/// What is remembered of the page before.
#[derive(Debug, Default)]
pub(super) struct Selection {
    series: Series,
    /// As it was before anything was left out; and whether nothing was.
    before: Option<(Page, bool)>,
}

impl Selection {
    /// Whether there is no page before, or none that was good.
    pub(super) fn is_new(&self) -> bool {
        self.before.is_none()
    }

    /// The next page is the first one again.
    pub(super) fn forget(&mut self) {
        self.before = None;
    }

    /// Goes over a page that has the target's labels on it.
    pub(super) fn select(&mut self, page: Page, key: &GroupingKey, now: SystemTime) -> Selected {
        // Most pages are the one before with other values.
        let unchanged =
            self.before.as_ref().is_some_and(|(before, whole)| *whole && before.same_series(&page));
        if unchanged && !page.has_timestamps() {
            self.before = Some((page.clone(), true));
            return Selected { page, added: 0, dropped: [(0, None), (0, None), (0, None)] };
        }
        let known = self.before.take().map(|(before, _)| select(&self.series, before, key, now).1);
        let (selected, series) = select(&self.series, page.clone(), key, now);
        let added = series.difference(&known.unwrap_or_default()).count();
        let whole = selected.dropped.iter().all(|(count, _)| *count == 0);
        self.before = Some((page, whole));
        Selected { added, ..selected }
    }
}

/// The page without what does not stay, and the series that do.
fn select(series: &Series, page: Page, key: &GroupingKey, now: SystemTime) -> (Selected, HashSet<u64>) {
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
    (Selected { page, added: 0, dropped }, seen)
}
