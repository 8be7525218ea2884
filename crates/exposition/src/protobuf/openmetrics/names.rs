//! Which name and type a family has in OpenMetrics, where the suffixes of samples belong to the type.

use std::collections::{HashMap, HashSet};

use crate::kind::Kind;
use crate::protobuf::model::{LabelPair, Metric, MetricFamily, Timestamp};

/// What is decided over all families of a page.
pub(super) struct Names<'a> {
    /// Names that families and their samples take.
    taken: HashSet<String>,
    /// Times of series by the name of the family that they are about: Python's client pushes them as
    /// families of their own, `x_created`, which OpenMetrics has inside of `x`.
    created: HashMap<&'a str, HashMap<&'a [LabelPair], f64>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(families: &'a [MetricFamily]) -> Self {
        let mut names = Self { taken: HashSet::new(), created: HashMap::new() };
        let mut owners = HashSet::new();
        for family in families {
            let name = family.name();
            names.taken.insert(name.to_owned());
            names
                .taken
                .extend(suffixes(family.kind().unwrap_or_default()).iter().map(|it| format!("{name}{it}")));
            match family.kind() {
                Some(Kind::Counter) => owners.extend(name.strip_suffix("_total")),
                Some(Kind::Histogram | Kind::Summary) => _ = owners.insert(name),
                _ => {}
            }
        }
        // Of equal names the first counts.
        let by_name: HashMap<&str, &MetricFamily> =
            families.iter().rev().map(|family| (family.name(), family)).collect();
        for family in families.iter().filter(|it| suffixes(it.kind().unwrap_or_default()).is_empty()) {
            let stem = family.name().strip_suffix("_created").and_then(|stem| owners.get(stem).copied());
            // Whose owner is none after all stays a family.
            if let Some(stem) = stem.filter(|stem| names.has_owner(&by_name, stem)) {
                let times = family.metric.iter().map(|metric| (metric.label.as_slice(), metric.value()));
                names.created.insert(stem, times.collect());
            }
        }
        names
    }

    /// Whether a family of `_created` times has a place in this page, with each of its series.
    fn has_owner(&self, by_name: &HashMap<&str, &MetricFamily>, stem: &str) -> bool {
        let find = |name: &str| by_name.get(name).copied();
        let owner = find(stem).or_else(|| find(&format!("{stem}_total")));
        let times = find(&format!("{stem}_created"));
        let (Some(owner), Some(times)) = (owner, times) else { return false };
        let series: HashSet<_> = owner.metric.iter().map(|metric| metric.label.as_slice()).collect();
        let (shown, kind) = self.named(owner);
        shown == stem
            && kind != Kind::Untyped
            && times.metric.iter().all(|metric| series.contains(metric.label.as_slice()))
    }

    /// Whether this family is shown as a part of another one.
    pub(super) fn is_part(&self, name: &str) -> bool {
        name.strip_suffix("_created").is_some_and(|stem| self.created.contains_key(stem))
    }

    /// The name without the suffix of its samples, and the type. A counter whose `_created` is another family's
    /// cannot be one: to readers that name is its own, whether it says so or not.
    pub(super) fn shown<'n>(&self, family: &'n MetricFamily) -> (&'n str, Kind) {
        let (shown, kind) = self.named(family);
        let free = kind != Kind::Counter || self.may_be_created(shown, kind);
        if free { (shown, kind) } else { (family.name(), Kind::Untyped) }
    }

    fn named<'n>(&self, family: &'n MetricFamily) -> (&'n str, Kind) {
        let full = family.name();
        match family.kind().unwrap_or_default() {
            Kind::Counter => match full.strip_suffix("_total").filter(|stem| !stem.is_empty()) {
                // What went down below nothing, or is no number, is no counter to its readers.
                Some(stem)
                    if !self.taken.contains(stem) && family.metric.iter().all(|it| it.value() >= 0.0) =>
                {
                    (stem, Kind::Counter)
                }
                _ => (full, Kind::Untyped),
            },
            Kind::GaugeHistogram
                if ["_gsum", "_gcount"].iter().any(|it| self.taken.contains(&format!("{full}{it}"))) =>
            {
                (full, Kind::Histogram)
            }
            kind => (full, kind),
        }
    }

    /// Whether `x_created` is free for the times of this family.
    pub(super) fn may_be_created(&self, shown: &str, kind: Kind) -> bool {
        let created = format!("{shown}_created");
        matches!(kind, Kind::Counter | Kind::Histogram | Kind::Summary)
            && (!self.taken.contains(&created) || self.created.contains_key(shown))
    }

    /// When this series began, in Unix seconds.
    pub(super) fn created(&self, shown: &str, metric: &Metric) -> Option<f64> {
        let told = self.created.get(shown).and_then(|times| times.get(metric.label.as_slice())).copied();
        told.or_else(|| metric.began().map(Timestamp::unix))
    }
}

/// Suffixes that samples of this kind add to the family's name, in either of its formats.
fn suffixes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Histogram | Kind::GaugeHistogram => &["_bucket", "_sum", "_count"],
        Kind::Summary => &["_sum", "_count"],
        _ => &[],
    }
}
