//! Families as a page of text 0.0.4, as Go's `expfmt` writes them: what text cannot say is left out.

use super::model::{Metric, MetricFamily};
use crate::builder::PageBuilder;
use crate::encode::go_float;
use crate::error::TooLarge;
use crate::kind::Kind;
use crate::page::Page;

/// Writes families that [`super::mend`] has found to be in order as a page of at most `most` bytes.
/// Explicit timestamps are kept.
pub fn page(families: &[MetricFamily], most: usize) -> Result<Page, TooLarge> {
    let mut page = PageBuilder::within(most);
    for family in families {
        page.family(family.name(), family.help(), family.kind().unwrap_or_default());
        for metric in &family.metric {
            lines(&mut page, family.name(), metric, family.kind().unwrap_or_default());
        }
    }
    page.try_finish()
}

fn lines(page: &mut PageBuilder, name: &str, metric: &Metric, kind: Kind) {
    let suffixed = |suffix: &str| format!("{name}{suffix}");
    match (&metric.summary, &metric.histogram) {
        (Some(summary), _) if kind == Kind::Summary => {
            for it in &summary.quantile {
                let quantile = it.quantile.unwrap_or_default();
                line(page, name, metric, Some(("quantile", quantile)), it.value.unwrap_or_default());
            }
            line(page, &suffixed("_sum"), metric, None, summary.sample_sum.unwrap_or_default());
            line(page, &suffixed("_count"), metric, None, summary.sample_count.unwrap_or_default() as f64);
        }
        (_, Some(histogram)) if matches!(kind, Kind::Histogram | Kind::GaugeHistogram) => {
            let bucket = suffixed("_bucket");
            let mut infinite = false;
            for it in &histogram.bucket {
                let bound = it.upper_bound.unwrap_or_default();
                infinite |= bound == f64::INFINITY;
                line(page, &bucket, metric, Some(("le", bound)), it.count());
            }
            if !infinite {
                line(page, &bucket, metric, Some(("le", f64::INFINITY)), histogram.count());
            }
            line(page, &suffixed("_sum"), metric, None, histogram.sample_sum.unwrap_or_default());
            line(page, &suffixed("_count"), metric, None, histogram.count());
        }
        _ => line(page, name, metric, None, metric.value()),
    }
}

fn line(page: &mut PageBuilder, name: &str, metric: &Metric, bound: Option<(&str, f64)>, value: f64) {
    page.begin(name);
    for label in &metric.label {
        page.label(label.name(), label.value());
    }
    if let Some((name, bound)) = bound {
        page.label(name, &go_float(bound));
    }
    page.end(value, Some(&go_float(value)), metric.timestamp_ms);
}
