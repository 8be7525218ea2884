//! Families that can say more than text, made ready: the same checks, and text for those who read that.

use std::collections::HashMap;
use std::sync::Arc;

use exposition::protobuf::model::{LabelPair, Metric, MetricFamily};
use exposition::{GroupingKey, Limits, TooLarge, protobuf};

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
        return Err(Refusal::timestamps());
    }
    let mut labels = metrics().flat_map(|metric| &metric.label);
    if let Some(label) = labels.find(|label| label.name().starts_with("__")) {
        return Err(Refusal::reserved(label.name()));
    }
    let labels = group_labels(key);
    for family in &mut families {
        protobuf::mend(family).map_err(Refusal::Content)?;
        Refusal::of_bound(key, family.kind().unwrap_or_default())?;
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
