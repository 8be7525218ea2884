//! What a family must keep so that every reader of a scrape takes it, in each of its formats.

use std::collections::HashSet;

use super::model::{Exemplar, Metric, MetricFamily};
use super::native;
use crate::kind::Kind;
use crate::name::{is_label_name, is_metric_name};

/// Characters that the labels of an exemplar may have in all (OpenMetrics 1.0, "Exemplars").
const EXEMPLAR_CHARACTERS: usize = 128;

/// Says why a family cannot be shown, or makes it so that it can: exemplars and times that no reader
/// would take go, as do bounds that are no number, and of equal quantiles all but the last.
pub fn mend(family: &mut MetricFamily) -> Result<(), String> {
    let name = family.name().to_owned();
    if !is_metric_name(&name) {
        return Err(format!("`{}` is not a valid metric name", name.escape_debug()));
    }
    let kind = family.kind().ok_or_else(|| format!("metric `{name}` has an unknown type"))?;
    // OpenMetrics has a counter's unit before its `_total`.
    let stem = name.strip_suffix("_total").unwrap_or(&name);
    family.unit = family.unit.take().filter(|unit| is_metric_name(unit) && stem.ends_with(unit.as_str()));
    for metric in &mut family.metric {
        let mut seen = HashSet::new();
        for label in &metric.label {
            if !is_label_name(label.name()) {
                return Err(format!("`{}` is not a valid label name", label.name().escape_debug()));
            }
            let bound = match kind {
                Kind::Histogram | Kind::GaugeHistogram => "le",
                Kind::Summary => "quantile",
                _ => "",
            };
            if label.name() == bound {
                return Err(format!(
                    "label `{bound}` cannot be put on a {kind}, whose samples have one of their own"
                ));
            }
            if !seen.insert(label.name()) {
                return Err(format!("label `{}` stands twice in one series of `{name}`", label.name()));
            }
        }
        if !has_its_value(metric, kind) {
            return Err(format!("a series of `{name}` is not a {kind}"));
        }
        if let Some(created) = metric.created() {
            *created = created.filter(|stamp| stamp.is_valid());
        }
        values(metric, &name)?;
    }
    Ok(())
}

/// Whether the metric has the value of its type, and then only that.
fn has_its_value(metric: &mut Metric, kind: Kind) -> bool {
    let (gauge, counter, summary) = (metric.gauge.take(), metric.counter.take(), metric.summary.take());
    let (untyped, histogram) = (metric.untyped.take(), metric.histogram.take());
    match kind {
        Kind::Counter => metric.counter = counter,
        Kind::Gauge | Kind::Info | Kind::StateSet => metric.gauge = gauge,
        Kind::Summary => metric.summary = summary,
        Kind::Untyped => metric.untyped = untyped,
        Kind::Histogram | Kind::GaugeHistogram => metric.histogram = histogram,
    }
    let Metric { gauge, counter, summary, untyped, histogram, .. } = metric;
    gauge.is_some() || counter.is_some() || summary.is_some() || untyped.is_some() || histogram.is_some()
}

fn values(metric: &mut Metric, name: &str) -> Result<(), String> {
    if let Some(counter) = &mut metric.counter {
        counter.exemplar = counter.exemplar.take().filter(is_readable);
    }
    if let Some(summary) = &mut metric.summary {
        let mut seen = HashSet::new();
        summary.quantile.reverse();
        summary.quantile.retain(|it| {
            let quantile = it.quantile.unwrap_or_default();
            !quantile.is_nan() && seen.insert(quantile.to_bits())
        });
        summary.quantile.reverse();
    }
    if let Some(histogram) = &mut metric.histogram {
        native::check(histogram).map_err(|reason| format!("native histogram `{name}`: {reason}"))?;
        histogram.exemplars.retain(is_readable);
        histogram.bucket.retain(|bucket| !bucket.upper_bound.unwrap_or_default().is_nan());
        for bucket in &mut histogram.bucket {
            bucket.exemplar = bucket.exemplar.take().filter(|exemplar| is_readable(exemplar));
        }
    }
    Ok(())
}

fn is_readable(exemplar: &Exemplar) -> bool {
    let mut seen = HashSet::new();
    let names = exemplar.label.iter().all(|label| is_label_name(label.name()) && seen.insert(label.name()));
    let characters: usize =
        exemplar.label.iter().map(|label| label.name().chars().count() + label.value().chars().count()).sum();
    let stamp = exemplar.timestamp.is_none_or(super::model::Timestamp::is_valid);
    names && stamp && characters <= EXEMPLAR_CHARACTERS
}
