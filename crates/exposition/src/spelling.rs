//! UTF-8 names in the classic alphabet, so that what was apart stays apart.
//!
//! The plain spelling is Prometheus' `underscores`. Where it is somebody's name already, the spelling
//! that Prometheus calls `values` is used, which no two names share: `a.b` becomes `U__a_2e_b`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::kind::Kind;
use crate::merge::Merged;
use crate::name::{is_label_name, is_metric_name, underscored, values};

/// The names of families and samples of one page, spelt classically.
#[derive(Debug, Default)]
pub(crate) struct Spelling<'a> {
    /// Classic names by UTF-8 ones; empty for nearly every page.
    stems: HashMap<&'a str, String>,
}

impl<'a> Spelling<'a> {
    /// Decides all names of these families.
    pub(crate) fn of(families: &'a [Merged<'_>]) -> Self {
        let mut spelling = Self::default();
        if families.iter().all(|family| is_metric_name(&family.name)) {
            return spelling;
        }
        let (classic, others): (Vec<_>, Vec<_>) =
            families.iter().partition(|family| is_metric_name(&family.name));
        // Whoever needs no new name keeps the one that it has.
        let mut taken: HashSet<String> =
            classic.into_iter().flat_map(|family| names(family, &family.name)).collect();
        for family in others {
            let mut stem = underscored(&family.name).into_owned();
            if names(family, &stem).iter().any(|name| taken.contains(name)) {
                stem = values(&family.name);
            }
            while names(family, &stem).iter().any(|name| taken.contains(name)) {
                stem = values(&stem);
            }
            taken.extend(names(family, &stem));
            spelling.stems.insert(&family.name, stem);
        }
        spelling
    }

    /// The name to write of this family, or of a sample of it.
    pub(crate) fn name<'n>(&self, family: &str, name: &'n str) -> Cow<'n, str> {
        match (self.stems.get(family), name.strip_prefix(family)) {
            (Some(stem), Some(suffix)) => Cow::Owned(format!("{stem}{suffix}")),
            _ => underscored(name),
        }
    }
}

/// All names that a family takes, if it is called `stem`.
fn names(family: &Merged<'_>, stem: &str) -> HashSet<String> {
    let mut names = HashSet::from([stem.to_owned()]);
    if matches!(family.kind, Kind::Histogram | Kind::GaugeHistogram | Kind::Summary) {
        names.extend(["_bucket", "_sum", "_count"].map(|suffix| format!("{stem}{suffix}")));
    }
    let samples = family.parts.iter().flat_map(crate::Family::samples);
    let mut last = "";
    for sample in samples {
        // A name seldom differs from that of the line before.
        if sample.name() != last {
            last = sample.name();
            names.insert(format!("{stem}{}", last.strip_prefix(&*family.name).unwrap_or_default()));
        }
    }
    names
}

/// The classic spelling of a label name, free of those that are `taken`.
pub(crate) fn label(name: &str, taken: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if is_label_name(name) {
        return Cow::Borrowed(name);
    }
    let plain = underscored(name).replace(':', "_");
    if !taken(&plain) {
        return Cow::Owned(plain);
    }
    let mut spelt = values(name).replace(':', "_3a_");
    while taken(&spelt) {
        spelt = values(&spelt);
    }
    Cow::Owned(spelt)
}
