//! When the series of a page began: what OpenMetrics says in lines of its own, found for each sample.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::labels::Labels;
use crate::page::{Page, Sample};

/// Label sets in order, without the labels that tell the samples of one histogram or summary apart.
type Set<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// The `_created` lines of a page.
pub(crate) struct Beginnings<'a> {
    /// By family and labels, in milliseconds since 1970.
    by_series: HashMap<(usize, Set<'a>), i64>,
    /// The first sample of each family.
    families: Vec<usize>,
}

impl<'a> Beginnings<'a> {
    #[allow(clippy::cast_possible_truncation, reason = "beyond the range no time is meant")]
    pub(crate) fn of(page: &'a Page) -> Self {
        let created = page.index.created.iter().filter(|(_, span)| span.value.is_finite());
        let by_series = created.map(|(family, span)| {
            let labels = Labels::after(&page.text, (span.start + span.name_len) as usize);
            ((*family as usize, set(labels)), (span.value * 1000.0) as i64)
        });
        let by_series: HashMap<_, _> = by_series.collect();
        let starts = page.index.families.iter().map(|family| family.samples.start as usize);
        let families = if by_series.is_empty() { Vec::new() } else { starts.collect() };
        Self { by_series, families }
    }

    /// When this sample of the page began.
    pub(crate) fn begin(&self, sample: &Sample<'a>) -> Option<i64> {
        if self.by_series.is_empty() {
            return sample.created_ms();
        }
        let family = self.families.partition_point(|start| *start <= sample.at).checked_sub(1)?;
        self.by_series.get(&(family, set(sample.labels()))).copied()
    }
}

fn set(labels: Labels<'_>) -> Set<'_> {
    let told_apart = ["le", "quantile"];
    let mut set: Set<'_> = labels.map(|label| (label.name, label.value)).collect();
    set.retain(|(name, value)| !told_apart.contains(name) && !value.is_empty());
    set.sort();
    set
}
