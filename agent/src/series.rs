//! Which series a sample belongs to, so that none is sent twice.

use std::hash::{BuildHasher, RandomState};

use exposition::Sample;

/// Tells series apart by a number: 64 bits that nobody outside can foresee.
#[derive(Debug, Default)]
pub(crate) struct Series(RandomState);

impl Series {
    /// The series of a sample. The order of labels does not matter, and an empty label is none.
    pub(crate) fn of(&self, sample: &Sample<'_>) -> u64 {
        self.of_where(sample, |_| true)
    }

    /// The same by those labels only that `counts` wants.
    pub(crate) fn of_where(&self, sample: &Sample<'_>, counts: impl Fn(&str) -> bool) -> u64 {
        let mut labels: Vec<_> =
            sample.labels().filter(|label| !label.value.is_empty() && counts(label.name)).collect();
        labels.sort_by(|left, right| left.name.cmp(right.name));
        self.named(sample.name(), labels.iter().map(|label| (label.name, label.value.as_ref())))
    }

    /// The series of this name and these labels, which are in order.
    pub(crate) fn named<'a>(&self, name: &str, labels: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
        self.0.hash_one((name, labels.collect::<Vec<_>>()))
    }
}

/// The sample's series for people: `a{x="1"}`.
pub(crate) fn shown(sample: &Sample<'_>) -> String {
    let labels: Vec<String> =
        sample.labels().map(|label| format!("{}={:?}", label.name, label.value)).collect();
    let series = format!("{}{{{}}}", sample.name(), labels.join(","));
    if series.chars().count() > 500 { series.chars().take(500).chain(['…']).collect() } else { series }
}
