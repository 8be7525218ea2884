//! A page as families: samples of one label set become one metric again.

use std::collections::HashMap;

use super::model::{
    Bucket, Counter, Exemplar, Histogram, LabelPair, Metric, MetricFamily, MetricType, Quantile, Summary,
    Timestamp, Value,
};
use crate::kind::Kind;
use crate::merge::{self, Merged};
use crate::page::{Page, Sample};

/// The families of a page, with exemplars, units and `_created` times where it has such.
pub fn families(page: &Page) -> Vec<MetricFamily> {
    let merged = merge::families([page]);
    let mut made: Vec<MetricFamily> = Vec::with_capacity(merged.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    // Of gauge histograms: in a page their `_gsum` and `_gcount` are families of their own.
    let mut sums: Vec<(usize, &Merged<'_>, bool)> = Vec::new();
    for family in &merged {
        let stem = ["_gsum", "_gcount"].iter().find_map(|suffix| family.name.strip_suffix(suffix));
        let place = stem.and_then(|stem| places.get(stem)).copied();
        let place = place.filter(|place| made[*place].kind() == Some(Kind::GaugeHistogram));
        if let Some(place) = place {
            sums.push((place, family, family.name.ends_with("_gsum")));
            continue;
        }
        places.insert(family.name.clone().into_owned(), made.len());
        made.push(one(family));
    }
    for (place, family, sum) in sums {
        for sample in family.parts.iter().flat_map(crate::Family::samples) {
            let label = labels(&sample, "");
            let metric = made[place].metric.iter_mut().find(|metric| metric.label == label);
            if let Some(histogram) = metric.and_then(|metric| metric.histogram.as_mut()) {
                if sum {
                    histogram.sample_sum = Some(sample.value());
                } else {
                    count(&mut histogram.sample_count, &mut histogram.sample_count_float, sample.value());
                }
            }
        }
    }
    for created in page.created() {
        let place = places.get(created.family.text_name().as_ref());
        let mut label: Vec<_> =
            created.labels.map(|label| LabelPair::new(label.name, &label.value)).collect();
        label.sort();
        let metric = place.and_then(|at| made[*at].metric.iter_mut().find(|metric| metric.label == label));
        if let Some(stamp) = metric.and_then(Metric::created) {
            *stamp = Timestamp::of(created.seconds);
        }
    }
    made
}

fn one(family: &Merged<'_>) -> MetricFamily {
    let bound = match family.kind {
        Kind::Histogram | Kind::GaugeHistogram => "le",
        Kind::Summary => "quantile",
        _ => "",
    };
    let mut metrics: Vec<Metric> = Vec::new();
    let mut places: HashMap<Vec<LabelPair>, usize> = HashMap::new();
    for sample in family.parts.iter().flat_map(crate::Family::samples) {
        let label = labels(&sample, bound);
        if bound.is_empty() {
            metrics.push(simple(&sample, label, family.kind));
            continue;
        }
        let at = *places.entry(label).or_insert_with_key(|label| {
            metrics.push(Metric { label: label.clone(), ..Metric::default() });
            metrics.len() - 1
        });
        let metric = &mut metrics[at];
        metric.timestamp_ms = metric.timestamp_ms.or(sample.timestamp_ms());
        let suffix = sample.name().strip_prefix(&*family.name).unwrap_or_default();
        let number = sample.label(bound).and_then(|text| crate::value(&text));
        if bound == "quantile" {
            part_of_summary(metric.summary.get_or_insert_default(), suffix, number, sample.value());
        } else {
            part_of_histogram(metric.histogram.get_or_insert_default(), suffix, number, &sample);
        }
    }
    MetricFamily {
        name: Some(family.name.clone().into_owned()),
        help: family.help.clone().map(std::borrow::Cow::into_owned),
        r#type: Some(MetricType::from(family.kind) as i32),
        metric: metrics,
        unit: family.parts.iter().find_map(crate::Family::unit).map(str::to_owned),
    }
}

fn simple(sample: &Sample<'_>, label: Vec<LabelPair>, kind: Kind) -> Metric {
    let value = Some(Value { value: Some(sample.value()) });
    let mut metric = Metric { label, timestamp_ms: sample.timestamp_ms(), ..Metric::default() };
    match kind {
        Kind::Counter => {
            let exemplar = exemplar(sample);
            metric.counter = Some(Counter { value: Some(sample.value()), exemplar, created_timestamp: None });
        }
        Kind::Untyped => metric.untyped = value,
        _ => metric.gauge = value,
    }
    metric
}

fn part_of_summary(summary: &mut Summary, suffix: &str, quantile: Option<f64>, value: f64) {
    match suffix {
        "_sum" => summary.sample_sum = Some(value),
        "_count" => count(&mut summary.sample_count, &mut None, value),
        _ => summary.quantile.push(Quantile { quantile, value: Some(value) }),
    }
}

fn part_of_histogram(histogram: &mut Histogram, suffix: &str, bound: Option<f64>, sample: &Sample<'_>) {
    match suffix {
        "_sum" => histogram.sample_sum = Some(sample.value()),
        "_count" => count(&mut histogram.sample_count, &mut histogram.sample_count_float, sample.value()),
        _ => {
            let mut bucket =
                Bucket { upper_bound: bound, exemplar: exemplar(sample).map(Box::new), ..Bucket::default() };
            count(&mut bucket.cumulative_count, &mut bucket.cumulative_count_float, sample.value());
            // What nobody counted is in the last bucket.
            if bound == Some(f64::INFINITY)
                && histogram.sample_count.is_none()
                && histogram.sample_count_float.is_none()
            {
                count(&mut histogram.sample_count, &mut histogram.sample_count_float, sample.value());
            }
            histogram.bucket.push(bucket);
        }
    }
}

/// A count where it is one; where it is not, among the floats.
fn count(whole: &mut Option<u64>, float: &mut Option<f64>, value: f64) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by the way back")]
    let number = value as u64;
    (*whole, *float) = if (number as f64).to_bits() == value.to_bits() {
        (Some(number), None)
    } else {
        (Some(number), Some(value))
    };
}

fn labels(sample: &Sample<'_>, bound: &str) -> Vec<LabelPair> {
    let labels = sample.labels().filter(|label| bound.is_empty() || label.name != bound);
    let mut labels: Vec<_> = labels.map(|label| LabelPair::new(label.name, &label.value)).collect();
    labels.sort();
    labels
}

fn exemplar(sample: &Sample<'_>) -> Option<Exemplar> {
    let found = sample.exemplar()?;
    let label = found.labels.map(|label| LabelPair::new(label.name, &label.value)).collect();
    let timestamp = found.timestamp_ms.and_then(|stamp| Timestamp::of(stamp as f64 / 1e3));
    Some(Exemplar { label, value: Some(found.value), timestamp })
}
