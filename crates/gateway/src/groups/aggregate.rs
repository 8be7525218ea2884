//! Pushes that are added to what is stored, for lambdas and forked workers: each tells only what itself
//! counted.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use exposition::{Family, Kind, Limits, Page, encode};

use super::{Conflict, Groups, Id};
use crate::families::{self, Prepared};
use crate::policy::{Add, Aggregate, Gauges};
use crate::push::Push;

/// What becomes of two values of one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Sum,
    Last,
    Min,
    Max,
}

impl Groups {
    /// A push with what is stored added to it, to be taken as a POST: what it does not name stays.
    pub(super) fn added(&self, id: Option<Id>, push: Push, how: &Aggregate) -> Result<Push, Conflict> {
        let families = push.families.into_iter().map(|new| {
            let stored = id.and_then(|id| Some((self.kind_of(&new.name)?, self.held_of(id, &new.name)?)));
            if let Some((kind, _)) = stored.filter(|(kind, _)| *kind != new.kind) {
                let (name, own) = (&new.name, new.kind);
                return Err(format!(
                    "metric `{name}` has type {own}, but what it is added to has type {kind}"
                ));
            }
            added(how, stored.map_or(&[][..], |(_, held)| held.lines()), &new)
        });
        let families = families.collect::<Result<_, _>>().map_err(Conflict::Inconsistent)?;
        Ok(Push { families })
    }
}

fn rule(how: &Aggregate, kind: Kind) -> Rule {
    let add = |add| if add == Add::Sum { Rule::Sum } else { Rule::Last };
    match kind {
        Kind::Counter => add(how.counters),
        Kind::Histogram => add(how.histograms),
        Kind::Summary => add(how.summaries),
        Kind::Gauge => match how.gauges {
            Gauges::Last => Rule::Last,
            Gauges::Sum => Rule::Sum,
            Gauges::Min => Rule::Min,
            Gauges::Max => Rule::Max,
        },
        // Nobody said what it is, so nobody knows whether a sum means anything.
        _ => Rule::Last,
    }
}

/// One family of both: each series that either has, once.
fn added(how: &Aggregate, stored: &[u8], new: &Prepared) -> Result<Prepared, String> {
    let rule = rule(how, new.kind);
    let stored = page(new, stored)?;
    let pushed = page(new, new.block.lines())?;
    if rule != Rule::Last {
        pushed.families().try_for_each(|family| countable(&family))?;
    }
    if new.kind == Kind::Histogram && rule == Rule::Sum {
        same_bounds(&stored, &pushed, &new.name)?;
    }
    let mut series: Vec<(&str, f64)> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    for sample in stored.samples().chain(pushed.samples()) {
        // The quantiles of two summaries say nothing of that of both.
        if new.kind == Kind::Summary && rule == Rule::Sum && sample.name() == new.name {
            continue;
        }
        let value = sample.value();
        match places.entry(families::identity(&sample)) {
            Entry::Vacant(place) => {
                place.insert(series.len());
                series.push((sample.series_text().trim_end(), value));
            }
            Entry::Occupied(place) => {
                let old = &mut series[*place.get()].1;
                *old = match rule {
                    Rule::Sum => *old + value,
                    Rule::Last => value,
                    Rule::Min => old.min(value),
                    Rule::Max => old.max(value),
                };
                if rule != Rule::Last && !old.is_finite() {
                    let series = sample.series_text().trim_end();
                    return Err(format!("{series} would be {old}, which nothing could be added to any more"));
                }
            }
        }
    }
    let mut lines = Vec::with_capacity(stored.text().len() + pushed.text().len());
    for (text, value) in series {
        lines.extend_from_slice(text.as_bytes());
        lines.push(b' ');
        encode::float(value, &mut lines);
        lines.push(b'\n');
    }
    let made = page(new, &lines)?;
    let made = families::prepare(&made, usize::MAX).map_err(|error| error.to_string())?;
    // A summary of which nothing but quantiles was pushed has no family left; that cannot be: it was completed.
    made.into_iter().next().ok_or_else(|| format!("nothing of `{}` can be added", new.name))
}

fn page(family: &Prepared, lines: &[u8]) -> Result<Page, String> {
    let help = Some(family.help.as_str()).filter(|help| !help.is_empty());
    let mut text = Vec::with_capacity(lines.len() + family.help.len() + 64);
    encode::header(&family.name, help, family.kind, &mut text);
    text.extend_from_slice(lines);
    Page::parse_pushed(Bytes::from(text), &Limits::NONE).map_err(|error| error.to_string())
}

/// A value that is no number would stay in the sum for ever, and a counter that falls reads as a restart.
fn countable(family: &Family<'_>) -> Result<(), String> {
    for sample in family.samples() {
        let quantile = family.kind() == Kind::Summary && sample.name() == family.name();
        let may_fall =
            family.kind() == Kind::Gauge || sample.name().strip_prefix(family.name()) == Some("_sum");
        let value = sample.value();
        if !quantile && (!value.is_finite() || value < 0.0 && !may_fall) {
            let (series, value) = (sample.series_text().trim_end(), sample.value_text());
            return Err(format!("{series} is {value}, which cannot be added to a {}", family.kind()));
        }
    }
    Ok(())
}

/// Buckets add up only where both histograms have the same ones.
fn same_bounds(stored: &Page, pushed: &Page, name: &str) -> Result<(), String> {
    let (stored, pushed) = (bounds(stored), bounds(pushed));
    for (histogram, new) in &pushed {
        let Some(old) = stored.get(histogram).filter(|old| *old != new) else { continue };
        let list = |bounds: &BTreeSet<String>| bounds.iter().cloned().collect::<Vec<_>>().join(", ");
        return Err(format!(
            "histogram `{name}` has the bounds {}, but is stored with {}: they cannot be added",
            list(new),
            list(old)
        ));
    }
    Ok(())
}

fn bounds(page: &Page) -> HashMap<u64, BTreeSet<String>> {
    let mut all: HashMap<u64, BTreeSet<String>> = HashMap::new();
    for sample in page.samples() {
        let Some(bound) = sample.label("le") else { continue };
        let others = families::hash(sample.labels().filter(|label| label.name != "le"));
        all.entry(others).or_default().insert(bound.into_owned());
    }
    all
}
