//! Families as OpenMetrics 1.0, with exemplars and `_created` lines.

use super::model::{Exemplar, LabelPair, Metric, MetricFamily, Timestamp};
use crate::encode::{self, float, metadata};
use crate::kind::Kind;
use crate::labels;

mod names;

use names::Names;

/// Writes families, each of another name, as OpenMetrics 1.0. No sample is lost or renamed; a counter that
/// cannot be one there (no `_total`, or a stem that another family has) becomes `unknown`.
pub fn openmetrics(families: &[MetricFamily], out: &mut Vec<u8>) {
    let names = Names::of(families);
    for family in families.iter().filter(|family| !names.is_part(family.name())) {
        let (name, kind) = names.shown(family);
        metadata("TYPE", name, out);
        out.extend_from_slice(kind.as_openmetrics().as_bytes());
        out.push(b'\n');
        // A unit ends the name that is written, or it is none.
        let suffix = |unit: &str| name.strip_suffix(unit).is_some_and(|stem| stem.ends_with('_'));
        if let Some(unit) = family.unit.as_deref().filter(|unit| suffix(unit)) {
            metadata("UNIT", name, out);
            out.extend_from_slice(unit.as_bytes());
            out.push(b'\n');
        }
        if !family.help().is_empty() {
            metadata("HELP", name, out);
            labels::escape(family.help(), true, out);
            out.push(b'\n');
        }
        for metric in &family.metric {
            samples(family.name(), name, kind, metric, out);
            let created = names.created(name, metric);
            if let Some(created) = created.filter(|_| names.may_be_created(name, kind)) {
                line(&format!("{name}_created"), metric, None, created, None, out);
            }
        }
    }
    out.extend_from_slice(b"# EOF\n");
}

fn samples(full: &str, name: &str, kind: Kind, metric: &Metric, out: &mut Vec<u8>) {
    match (kind, &metric.summary, &metric.histogram) {
        (Kind::Summary, Some(summary), _) => {
            for it in &summary.quantile {
                let bound = Some(("quantile", it.quantile.unwrap_or_default()));
                line(name, metric, bound, it.value.unwrap_or_default(), None, out);
            }
            line(&format!("{name}_sum"), metric, None, summary.sample_sum.unwrap_or_default(), None, out);
            let count = summary.sample_count.unwrap_or_default() as f64;
            line(&format!("{name}_count"), metric, None, count, None, out);
        }
        (Kind::Histogram | Kind::GaugeHistogram, _, Some(histogram)) => {
            let bucket = format!("{name}_bucket");
            let mut infinite = false;
            for it in &histogram.bucket {
                let bound = it.upper_bound.unwrap_or_default();
                infinite |= bound == f64::INFINITY;
                line(&bucket, metric, Some(("le", bound)), it.count(), it.exemplar.as_deref(), out);
            }
            if !infinite {
                line(&bucket, metric, Some(("le", f64::INFINITY)), histogram.count(), None, out);
            }
            let (sum, count) =
                if kind == Kind::Histogram { ("_sum", "_count") } else { ("_gsum", "_gcount") };
            let total = histogram.sample_sum.unwrap_or_default();
            line(&format!("{name}{sum}"), metric, None, total, None, out);
            line(&format!("{name}{count}"), metric, None, histogram.count(), None, out);
        }
        (Kind::Counter, ..) => {
            let exemplar = metric.counter.as_ref().and_then(|counter| counter.exemplar.as_ref());
            line(full, metric, None, metric.value(), exemplar, out);
        }
        _ => line(full, metric, None, metric.value(), None, out),
    }
}

fn line(
    name: &str,
    metric: &Metric,
    bound: Option<(&str, f64)>,
    value: f64,
    exemplar: Option<&Exemplar>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(name.as_bytes());
    if bound.is_some() || !metric.label.is_empty() {
        block(&metric.label, bound, out);
    }
    out.push(b' ');
    float(value, out);
    if let Some(stamp) = metric.timestamp_ms {
        out.push(b' ');
        encode::seconds(stamp, out);
    }
    if let Some(exemplar) = exemplar {
        out.extend_from_slice(b" # ");
        block(&exemplar.label, None, out);
        out.push(b' ');
        float(exemplar.value.unwrap_or_default(), out);
        if let Some(stamp) = exemplar.timestamp.map(Timestamp::unix) {
            out.push(b' ');
            float(stamp, out);
        }
    }
    out.push(b'\n');
}

/// Labels as a page has them: `{a="1"}`, with a bound behind them where there is one.
pub(super) fn block(pairs: &[LabelPair], bound: Option<(&str, f64)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, label) in pairs.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(label.name().as_bytes());
        out.extend_from_slice(b"=\"");
        labels::escape(label.value(), true, out);
        out.push(b'"');
    }
    if let Some((name, number)) = bound {
        if !pairs.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"=\"");
        encode::canonical(number, out);
        out.push(b'"');
    }
    out.push(b'}');
}
