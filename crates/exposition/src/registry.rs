//! The instruments of the `prometheus` crate as a page.
//!
//! Its own text encoder panics on untyped families, writes `inf` for `+Inf`, and knows no
//! OpenMetrics; ours serves every format from one page.

use prometheus::Registry;
use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use crate::builder::PageBuilder;
use crate::encode;
use crate::kind::Kind;
use crate::page::Page;

/// What the registry holds now.
pub fn page(registry: &Registry) -> Page {
    families(&registry.gather())
}

/// Families as `Registry::gather` gives them.
pub fn families(families: &[MetricFamily]) -> Page {
    let mut page = PageBuilder::new();
    write(families, &mut page);
    page.finish()
}

/// Writes them behind what a page has already.
pub fn write(families: &[MetricFamily], page: &mut PageBuilder) {
    for family in families {
        let kind = match family.get_field_type() {
            MetricType::COUNTER => Kind::Counter,
            MetricType::GAUGE => Kind::Gauge,
            MetricType::HISTOGRAM => Kind::Histogram,
            MetricType::SUMMARY => Kind::Summary,
            MetricType::UNTYPED => Kind::Untyped,
        };
        page.family(family.name(), family.help(), kind);
        let suffixed = |suffix: &str| format!("{}{suffix}", family.name());
        let (bucket, sum, count) = (suffixed("_bucket"), suffixed("_sum"), suffixed("_count"));
        for metric in family.get_metric() {
            match kind {
                Kind::Counter => sample(page, family.name(), metric, None, metric.get_counter().value()),
                Kind::Histogram => {
                    let histogram = metric.get_histogram();
                    let total = histogram.sample_count() as f64;
                    for found in histogram.get_bucket().iter().filter(|found| found.upper_bound().is_finite())
                    {
                        let le = Some(("le", found.upper_bound()));
                        sample(page, &bucket, metric, le, found.cumulative_count() as f64);
                    }
                    sample(page, &bucket, metric, Some(("le", f64::INFINITY)), total);
                    sample(page, &sum, metric, None, histogram.sample_sum());
                    sample(page, &count, metric, None, total);
                }
                Kind::Summary => {
                    let summary = metric.get_summary();
                    for found in summary.get_quantile() {
                        let quantile = Some(("quantile", found.quantile()));
                        sample(page, family.name(), metric, quantile, found.value());
                    }
                    sample(page, &sum, metric, None, summary.sample_sum());
                    sample(page, &count, metric, None, summary.sample_count() as f64);
                }
                // The crate has no instrument for untyped values: foreign families do not come here.
                _ => sample(page, family.name(), metric, None, metric.get_gauge().value()),
            }
        }
    }
}

fn sample(page: &mut PageBuilder, name: &str, metric: &Metric, bound: Option<(&str, f64)>, value: f64) {
    page.begin(name);
    for label in metric.get_label() {
        page.label(LabelPair::name(label), LabelPair::value(label));
    }
    if let Some((name, bound)) = bound {
        let mut text = Vec::with_capacity(24);
        encode::float(bound, &mut text);
        page.label(name, &String::from_utf8_lossy(&text));
    }
    page.end(value, None, None);
}
