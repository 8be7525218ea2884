//! Histograms and summaries as the real gateway would write them out again.

use std::collections::{HashMap, HashSet};

use exposition::encode::go_float;
use exposition::{Family, Page, PageBuilder};

use super::hash;
use crate::push::Refusal;

fn read(bound: &'static str, text: &str) -> Result<f64, Refusal> {
    exposition::value(text).ok_or_else(|| Refusal::Bound { name: bound, value: text.to_owned() })
}

/// Whether every series of a histogram or summary has all its samples, spelt as the real one spells them.
pub(super) fn is_complete(family: &Family<'_>) -> Result<bool, Refusal> {
    const SUM: u8 = 1;
    const COUNT: u8 = 2;
    const INFINITE: u8 = 4;
    let Some(bound) = family.kind().bound() else { return Ok(true) };
    let whole = if bound == "le" { SUM | COUNT | INFINITE } else { SUM | COUNT };
    let mut has: HashMap<u64, u8> = HashMap::new();
    let mut canonical = true;
    // Of what stands twice the last one counts, but for buckets: there nobody could tell which is right.
    let mut quantiles = HashSet::new();
    for sample in family.samples() {
        let suffix = sample.name().strip_prefix(family.name()).unwrap_or_default();
        let others = hash(sample.labels().filter(|label| label.name != bound));
        let text = sample.label(bound);
        let number = text.as_deref().map(|text| read(bound, text)).transpose()?;
        let part = match (suffix, text.zip(number)) {
            ("_sum", None) => SUM,
            ("_count", None) => COUNT,
            ("_bucket" | "", Some((text, number))) => {
                canonical &= go_float(number) == text && (suffix == "_bucket") == (bound == "le");
                canonical &=
                    !number.is_nan() && (bound == "le" || quantiles.insert((others, number.to_bits())));
                if bound == "le" && number == f64::INFINITY { INFINITE } else { 0 }
            }
            _ => {
                canonical = false;
                0
            }
        };
        let has = has.entry(others).or_default();
        canonical &= *has & part & (SUM | COUNT) == 0;
        *has |= part;
    }
    Ok(canonical && has.values().all(|has| *has == whole))
}

/// The family as the real one would show it: bounds respelt, `+Inf`, sum and count added.
pub(super) fn completed(family: &Family<'_>, most: usize) -> Result<Page, Refusal> {
    #[derive(Default)]
    struct Metric {
        labels: Vec<(String, String)>,
        bounds: Vec<(f64, f64)>,
        sum: f64,
        count: f64,
    }
    let bound = family.kind().bound().unwrap_or("le");
    let mut metrics: Vec<Metric> = Vec::new();
    let mut places: HashMap<Vec<(String, String)>, usize> = HashMap::new();
    for sample in family.samples() {
        let labels = sample.labels().filter(|label| label.name != bound);
        let mut labels: Vec<_> =
            labels.map(|label| (label.name.to_owned(), label.value.into_owned())).collect();
        labels.sort();
        let at = *places.entry(labels).or_insert_with_key(|labels| {
            metrics.push(Metric { labels: labels.clone(), ..Metric::default() });
            metrics.len() - 1
        });
        let metric = &mut metrics[at];
        match sample.name().strip_prefix(family.name()).unwrap_or_default() {
            "_sum" => metric.sum = sample.value(),
            "_count" => metric.count = sample.value(),
            _ => {
                let number = sample.label(bound).map(|text| read(bound, &text)).transpose()?;
                // A bound that is no number bounds nothing.
                let number = number.filter(|number| !number.is_nan());
                metric.bounds.extend(number.map(|number| (number, sample.value())));
            }
        }
    }
    let mut page = PageBuilder::within(most);
    page.family(family.name(), family.help().as_deref().unwrap_or_default(), family.kind());
    let name = |suffix: &str| format!("{}{suffix}", family.name());
    for mut metric in metrics {
        let bounded = if bound == "le" { name("_bucket") } else { name("") };
        if bound == "le" && !metric.bounds.iter().any(|(bound, _)| *bound == f64::INFINITY) {
            metric.bounds.push((f64::INFINITY, metric.count));
        }
        let labels: Vec<(&str, &str)> =
            metric.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if bound == "quantile" {
            // Of equal quantiles the last one counts; equal buckets are left for the check to find.
            let mut seen = HashSet::new();
            metric.bounds.reverse();
            metric.bounds.retain(|(quantile, _)| seen.insert(quantile.to_bits()));
            metric.bounds.reverse();
        }
        for (number, value) in metric.bounds {
            page.sample(&bounded, &[&labels[..], &[(bound, &go_float(number))]].concat(), value);
        }
        page.sample(&name("_sum"), &labels, metric.sum);
        page.sample(&name("_count"), &labels, metric.count);
    }
    Ok(page.try_finish()?)
}
