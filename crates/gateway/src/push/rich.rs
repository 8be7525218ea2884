//! Families that can say more than text, made ready: the same checks, and text for those who read that.

use std::collections::HashMap;
use std::sync::Arc;

use exposition::protobuf::model::{LabelPair, Metric, MetricFamily};
use exposition::{GroupingKey, Kind, Limits, TooLarge, protobuf};

use super::{OWN_TIMES, Push, Refusal, group_labels};
use crate::families;

/// Makes families ready for a group. What text cannot say of them is kept beside the text, and may be as
/// long as a body.
pub(super) fn prepare(
    mut families: Vec<MetricFamily>,
    key: &GroupingKey,
    limits: &Limits,
) -> Result<Push, Refusal> {
    // The real one shows nothing of an empty family, but breaks its own API.
    families.retain(|family| !family.metric.is_empty() && !OWN_TIMES.contains(&family.name()));
    let metrics = || families.iter().flat_map(|family| &family.metric);
    if metrics().any(|metric| metric.timestamp_ms.is_some()) {
        return Err(Refusal::Content("pushed metrics must not have timestamps".to_owned()));
    }
    let mut labels = metrics().flat_map(|metric| &metric.label);
    if let Some(label) = labels.find(|label| label.name().starts_with("__")) {
        let name = label.name();
        let message = format!("`{name}` is not a valid label name: names beginning with `__` are reserved");
        return Err(Refusal::Content(message));
    }
    let labels = group_labels(key);
    for family in &mut families {
        protobuf::mend(family).map_err(Refusal::Content)?;
        clash(family, key)?;
        family.metric.iter_mut().for_each(|metric| put(metric, &labels));
    }
    let page = protobuf::page(&families, limits.body)?;
    let mut prepared = families::prepare(&page, limits.body)?;
    let rich = families.into_iter().filter(|family| !protobuf::is_brief(family));
    let mut rich: HashMap<String, MetricFamily> =
        rich.map(|family| (family.name().to_owned(), family)).collect();
    let mut bytes = 0;
    for family in &mut prepared {
        let Some(whole) = rich.remove(&family.name) else { continue };
        let metrics = protobuf::body(whole);
        bytes += metrics.len();
        if bytes > limits.body {
            return Err(TooLarge { limit: limits.body }.into());
        }
        Arc::make_mut(family.extra.get_or_insert_default()).metrics = metrics.into();
    }
    Ok(Push { families: prepared })
}

/// A label of the group that is one of the samples' own, too.
fn clash(family: &MetricFamily, key: &GroupingKey) -> Result<(), Refusal> {
    let kind = family.kind().unwrap_or_default();
    let bound = match kind {
        Kind::Histogram | Kind::GaugeHistogram => "le",
        Kind::Summary => "quantile",
        _ => return Ok(()),
    };
    if key.labels().contains_key(bound) {
        let message = format!(
            "grouping label `{bound}` cannot be put on a {kind}, whose samples have one of their own"
        );
        return Err(Refusal::Content(message));
    }
    Ok(())
}

/// Puts the group's labels in the place of what the body says of them, and sorts by name. An instance
/// that nobody named is empty, or Prometheus would put the gateway's own address there.
fn put(metric: &mut Metric, labels: &[(String, String)]) {
    metric.label.retain(|label| !labels.iter().any(|(name, _)| name == label.name()));
    metric.label.extend(labels.iter().map(|(name, value)| LabelPair::new(name, value)));
    if !metric.label.iter().any(|label| label.name() == "instance") {
        metric.label.push(LabelPair::new("instance", ""));
    }
    metric.label.sort();
}
