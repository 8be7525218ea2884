//! Families made ready to be stored: complete, without duplicates, one block of text each.
//!
//! The real gateway reads histograms and summaries into objects and writes them out again, which
//! completes and respells them. The same comes out here; a family that needs none of it, as
//! client libraries write them, is taken as it is.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use bytes::Bytes;
use exposition::{Family, Kind, Label, Page, PageBuilder, Sample};

use crate::push::{OWN_TIMES, Refusal};

/// One random key for the process, so that nobody can push series whose hashes collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A family of one push.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its name.
    pub name: String,
    /// Its help text, empty if none.
    pub help: String,
    /// Its type.
    pub kind: Kind,
    /// Its sample lines.
    pub lines: Bytes,
    /// What tells each series from all others.
    pub series: Box<[u64]>,
}

/// Takes apart a page that has the group's labels on; says which series stands twice.
pub fn prepare(page: &Page) -> Result<Vec<Prepared>, Refusal> {
    let mut seen = HashSet::with_capacity(page.sample_count());
    let mut prepared = BTreeMap::new();
    for family in page.families().filter(|family| !OWN_TIMES.contains(&family.name())) {
        let own_page;
        let family = if is_complete(&family)? {
            family
        } else {
            own_page = completed(&family);
            let Some(family) = own_page.families().next() else { continue };
            family
        };
        let mut lines = Vec::new();
        let mut series = Vec::with_capacity(family.samples().len());
        for sample in family.samples() {
            let identity = identity(&sample);
            if !seen.insert(identity) {
                let line = sample.line().rsplit_once(' ').map_or(sample.line(), |(series, _)| series);
                let message =
                    format!("series {line} was collected before with the same name and label values");
                return Err(Refusal::Content(message));
            }
            series.push(identity);
            lines.extend_from_slice(sample.line().as_bytes());
            lines.push(b'\n');
        }
        let name = family.name().to_owned();
        let help = family.help().unwrap_or_default().into_owned();
        let (kind, lines, series) = (family.kind(), lines.into(), series.into());
        prepared.insert(name.clone(), Prepared { name, help, kind, lines, series });
    }
    Ok(prepared.into_values().collect())
}

/// What tells a series from all others. A label with an empty value counts, as it does for the real
/// one: a group under such a key is a group of its own.
fn identity(sample: &Sample<'_>) -> u64 {
    hash(sample.name(), sample.labels())
}

fn hash<'a>(name: &str, labels: impl Iterator<Item = Label<'a>>) -> u64 {
    let mut labels: Vec<Label<'a>> = labels.collect();
    labels.sort_by(|left, right| left.name.cmp(right.name));
    let parts: Vec<(&str, &str)> = labels.iter().map(|label| (label.name, label.value.as_ref())).collect();
    HASHER.hash_one((name, parts))
}

fn bound(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Histogram | Kind::GaugeHistogram => Some("le"),
        Kind::Summary => Some("quantile"),
        _ => None,
    }
}

/// Whether every series of a histogram or summary has all its samples, spelt as the real one spells them.
fn is_complete(family: &Family<'_>) -> Result<bool, Refusal> {
    const SUM: u8 = 1;
    const COUNT: u8 = 2;
    const INFINITE: u8 = 4;
    let Some(bound) = bound(family.kind()) else { return Ok(true) };
    let whole = if bound == "le" { SUM | COUNT | INFINITE } else { SUM | COUNT };
    let mut has: HashMap<u64, u8> = HashMap::new();
    let mut canonical = true;
    for sample in family.samples() {
        let suffix = sample.name().strip_prefix(family.name()).unwrap_or_default();
        let part = match (suffix, sample.label(bound)) {
            ("_sum", None) => SUM,
            ("_count", None) => COUNT,
            ("_bucket" | "", Some(text)) => {
                let Ok(number) = text.parse::<f64>() else {
                    return Err(Refusal::Bound { name: bound, value: text.into_owned() });
                };
                canonical &= go_float(number) == text && (suffix == "_bucket") == (bound == "le");
                if bound == "le" && number == f64::INFINITY { INFINITE } else { 0 }
            }
            _ => {
                canonical = false;
                0
            }
        };
        *has.entry(hash("", sample.labels().filter(|label| label.name != bound))).or_default() |= part;
    }
    Ok(canonical && has.values().all(|has| *has == whole))
}

/// The family as the real one would show it: bounds respelt, `+Inf`, sum and count added.
fn completed(family: &Family<'_>) -> Page {
    #[derive(Default)]
    struct Metric {
        labels: Vec<(String, String)>,
        bounds: Vec<(f64, f64)>,
        sum: f64,
        count: f64,
    }
    let bound = bound(family.kind()).unwrap_or("le");
    let mut metrics: Vec<Metric> = Vec::new();
    let mut places: HashMap<Vec<(String, String)>, usize> = HashMap::new();
    for sample in family.samples() {
        let labels = sample.labels().filter(|label| label.name != bound);
        let labels: Vec<_> = labels.map(|label| (label.name.to_owned(), label.value.into_owned())).collect();
        let at = *places.entry(labels).or_insert_with_key(|labels| {
            metrics.push(Metric { labels: labels.clone(), ..Metric::default() });
            metrics.len() - 1
        });
        let metric = &mut metrics[at];
        match sample.name().strip_prefix(family.name()).unwrap_or_default() {
            "_sum" => metric.sum = sample.value(),
            "_count" => metric.count = sample.value(),
            _ => {
                let number = sample.label(bound).and_then(|text| text.parse().ok());
                metric.bounds.extend(number.map(|number| (number, sample.value())));
            }
        }
    }
    let mut page = PageBuilder::new();
    page.family(family.name(), family.help().as_deref().unwrap_or_default(), family.kind());
    let name = |suffix: &str| format!("{}{suffix}", family.name());
    for mut metric in metrics {
        let bounded = if bound == "le" { name("_bucket") } else { name("") };
        if bound == "le" && !metric.bounds.iter().any(|(bound, _)| *bound == f64::INFINITY) {
            metric.bounds.push((f64::INFINITY, metric.count));
        }
        let labels: Vec<(&str, &str)> =
            metric.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for (number, value) in metric.bounds {
            page.sample(&bounded, &[&labels[..], &[(bound, &go_float(number))]].concat(), value);
        }
        page.sample(&name("_sum"), &labels, metric.sum);
        page.sample(&name("_count"), &labels, metric.count);
    }
    page.finish()
}

/// A float as Go's `strconv.FormatFloat(value, 'g', -1, 64)` spells it.
fn go_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&power) {
        return format!("{value}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_spelt_as_go_spells_them() {
        let rows = [
            (0.0, "0"),
            (0.005, "0.005"),
            (1.0, "1"),
            (0.000_01, "1e-05"),
            (0.0001, "0.0001"),
            (1_000_000.0, "1e+06"),
            (2_500_000.0, "2.5e+06"),
            (100_000.0, "100000"),
            (f64::INFINITY, "+Inf"),
        ];
        for (value, want) in rows {
            assert_eq!(go_float(value), want);
        }
    }
}
