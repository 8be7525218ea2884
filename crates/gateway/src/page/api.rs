//! `/api/v1/metrics`: the groups as the real one's API shows them, in which every number is text.

use std::time::{SystemTime, UNIX_EPOCH};

use exposition::Kind;
use exposition::encode::go_float;
use exposition::protobuf::model::{Histogram, Metric, MetricType};
use exposition::protobuf::native;
use serde_json::{Map, Value, json};

use super::models::model;
use super::unix;
use crate::groups::{Content, Group, Snapshot, time_labels};

/// Keys of a group that are no families.
const OWN_KEYS: [&str; 2] = ["labels", "last_push_successful"];

/// The groups. Families stand beside `labels` and `last_push_successful`; one that has such a name is
/// called `metric labels` instead, which no family can be.
pub fn groups(groups: &Snapshot) -> Value {
    groups.iter().map(|group| Value::Object(one(groups, group))).collect()
}

fn one(groups: &Snapshot, group: &Group) -> Map<String, Value> {
    let mut shown = Map::new();
    let key: Map<String, Value> =
        group.key.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    shown.insert("labels".to_owned(), Value::Object(key));
    shown.insert("last_push_successful".to_owned(), (group.pushed > group.failed).into());
    for (family, held) in groups.families_of(group) {
        let family = &Content::pushed(family, held);
        let clash = OWN_KEYS.contains(&family.name);
        let name = if clash { format!("metric {}", family.name) } else { family.name.to_owned() };
        let time = family.stamps.last().or(group.pushed).unwrap_or(UNIX_EPOCH);
        let metrics = model(family).metric.iter().map(|it| metric(it, family)).collect();
        shown.insert(name, entry(time, family.kind.into(), family.help, metrics));
    }
    let series: Map<String, Value> =
        time_labels(&group.key).into_iter().map(|(name, value)| (name, value.into())).collect();
    let changed = group.pushed.max(group.failed).unwrap_or(UNIX_EPOCH);
    let mut time = |name: &str, help: &str, value: f64| {
        let metric = json!({ "labels": series, "value": go_float(value) });
        shown.insert(name.to_owned(), entry(changed, MetricType::Gauge, help, vec![metric]));
    };
    time(
        "push_failure_time_seconds",
        "Last Unix time when changing this group in the Pushgateway failed.",
        group.failed.map_or(0.0, unix),
    );
    time(
        "push_time_seconds",
        "Last Unix time when changing this group in the Pushgateway succeeded.",
        group.pushed.map_or(0.0, unix),
    );
    if let Some(end) = group.ends {
        time(
            "push_expires_time_seconds",
            "Unix time when this group will be deleted unless it is pushed to.",
            unix(end),
        );
    }
    shown
}

fn entry(time: SystemTime, kind: MetricType, help: &str, metrics: Vec<Value>) -> Value {
    let mut entry = Map::new();
    entry.insert("time_stamp".to_owned(), humantime::format_rfc3339_nanos(time).to_string().into());
    entry.insert("type".to_owned(), word(kind).into());
    if !help.is_empty() {
        entry.insert("help".to_owned(), help.into());
    }
    entry.insert("metrics".to_owned(), metrics.into());
    Value::Object(entry)
}

fn word(kind: MetricType) -> &'static str {
    match kind {
        MetricType::Counter => "COUNTER",
        MetricType::Gauge => "GAUGE",
        MetricType::Summary => "SUMMARY",
        MetricType::Untyped => "UNTYPED",
        MetricType::Histogram => "HISTOGRAM",
        MetricType::GaugeHistogram => "GAUGE_HISTOGRAM",
    }
}

fn metric(metric: &Metric, family: &Content<'_>) -> Value {
    let mut shown = Map::new();
    let labels: Map<String, Value> =
        metric.label.iter().map(|label| (label.name().to_owned(), label.value().into())).collect();
    shown.insert("labels".to_owned(), labels.into());
    match (family.kind, &metric.summary, &metric.histogram) {
        (Kind::Summary, Some(summary), _) => {
            let quantiles: Map<String, Value> = summary
                .quantile
                .iter()
                .map(|it| (go_float(it.quantile()), go_float(it.value()).into()))
                .collect();
            shown.insert("quantiles".to_owned(), quantiles.into());
            shown.insert("count".to_owned(), summary.sample_count().to_string().into());
            shown.insert("sum".to_owned(), go_float(summary.sample_sum()).into());
        }
        (Kind::Histogram | Kind::GaugeHistogram, _, Some(histogram)) => {
            shown.insert("buckets".to_owned(), buckets(histogram));
            shown.insert("count".to_owned(), count(histogram.count()).into());
            shown.insert("sum".to_owned(), go_float(histogram.sample_sum()).into());
        }
        _ => _ = shown.insert("value".to_owned(), go_float(metric.value()).into()),
    }
    Value::Object(shown)
}

/// Classic buckets as a map, native ones as a list, as the real one's newer versions show them.
fn buckets(histogram: &Histogram) -> Value {
    if histogram.negative_span.is_empty() && histogram.positive_span.is_empty() {
        let classic =
            histogram.bucket.iter().map(|it| (go_float(it.upper_bound()), count(it.count()).into()));
        return Value::Object(classic.collect());
    }
    let row = |it: &native::NativeBucket| {
        json!([it.boundaries, go_float(it.lower), go_float(it.upper), count(it.count)])
    };
    native::buckets(histogram).iter().map(row).collect()
}

/// A count is a whole number to Go, unless it is a float after all.
fn count(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e18 { format!("{value}") } else { go_float(value) }
}
