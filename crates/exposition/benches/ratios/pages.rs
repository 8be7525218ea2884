//! The pages that are measured: two real ones, and one large histogram.

use std::fmt::Write;

use exposition::Page;
use prometheus::proto;

pub(crate) fn all() -> Vec<(&'static str, String)> {
    vec![
        ("node_exporter", include_str!("../pages/node_exporter.txt").to_owned()),
        ("prometheus", include_str!("../pages/prometheus.txt").to_owned()),
        ("histogram of 100,000 series", histogram(100_000)),
    ]
}

/// A histogram as an API server has it: 20 lines a route, four labels, growing counts.
fn histogram(series: usize) -> String {
    let mut text = String::from("# HELP http_request_duration_seconds Time to answer.\n");
    text.push_str("# TYPE http_request_duration_seconds histogram\n");
    let bounds =
        ["0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1", "2.5", "5", "7.5"];
    let bounds = [&bounds[..], &["10", "25", "50", "100", "+Inf"]].concat();
    let mut state = 42_u64;
    for route in 0..series / 20 {
        let labels =
            format!("method=\"GET\",route=\"/api/v1/item/{route}\",instance=\"host-{}:8000\"", route % 97);
        let mut count = 0;
        for bound in &bounds {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            count += state >> 50;
            let _ = writeln!(text, "http_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {count}");
        }
        let _ =
            writeln!(text, "http_request_duration_seconds_sum{{{labels}}} {}.{:03}", count / 7, state >> 55);
        let _ = writeln!(text, "http_request_duration_seconds_count{{{labels}}} {count}");
    }
    text
}

/// The same samples as the `prometheus` crate holds them, for its encoder: one gauge a sample,
/// which is the least work that it can have with them.
pub(crate) fn registry_families(page: &Page) -> Vec<proto::MetricFamily> {
    let mut families = Vec::new();
    for family in page.families() {
        let mut runs: Vec<(&str, Vec<proto::Metric>)> = Vec::new();
        for sample in family.samples() {
            let mut metric = proto::Metric::default();
            let labels = sample.labels().map(|label| {
                let mut pair = proto::LabelPair::default();
                pair.set_name(label.name.to_owned());
                pair.set_value(label.value.into_owned());
                pair
            });
            metric.set_label(labels.collect());
            let mut gauge = proto::Gauge::default();
            gauge.set_value(sample.value());
            metric.set_gauge(gauge);
            match runs.iter_mut().find(|(name, _)| *name == sample.name()) {
                Some((_, metrics)) => metrics.push(metric),
                None => runs.push((sample.name(), vec![metric])),
            }
        }
        for (name, metrics) in runs {
            let mut made = proto::MetricFamily::default();
            made.set_name(name.to_owned());
            made.set_help(family.help().unwrap_or_default().into_owned());
            made.set_field_type(proto::MetricType::GAUGE);
            made.set_metric(metrics);
            families.push(made);
        }
    }
    families
}
