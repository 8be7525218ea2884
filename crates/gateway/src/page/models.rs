//! `/metrics` in the formats that can say more than text: delimited protobuf and OpenMetrics.

use std::collections::BTreeMap;
use std::time::Instant;

use exposition::protobuf::model::{Metric, MetricFamily, MetricType, Timestamp};
use exposition::{Limits, Page, encode, protobuf};

use super::metrics::own;
use super::{unix, zeros};
use crate::groups::{Content, Shown, Snapshot};

/// All families, with the gateway's own, as delimited protobuf, sorted by name.
pub fn protobuf(groups: &Snapshot, own: &Page) -> Vec<u8> {
    let mut out = Vec::new();
    each(groups, own, |family| protobuf::encode(&family, &mut out));
    out
}

/// The same as OpenMetrics 1.0.
pub fn openmetrics(groups: &Snapshot, own: &Page) -> Vec<u8> {
    let (mut families, mut out) = (Vec::new(), Vec::new());
    each(groups, own, |family| families.push(family));
    protobuf::openmetrics(&families, &mut out);
    out
}

fn each(groups: &Snapshot, own: &Page, mut take: impl FnMut(MetricFamily)) {
    let now = Instant::now();
    let mut own: BTreeMap<String, MetricFamily> =
        models_of(own, groups).into_iter().map(|family| (family.name().to_owned(), family)).collect();
    for shown in groups.families() {
        // What stands before this one comes first.
        let after = own.split_off(shown.name());
        std::mem::replace(&mut own, after).into_values().for_each(&mut take);
        let mut family = own.remove(shown.name()).unwrap_or_else(|| head(shown));
        for (_, held) in shown.held() {
            let mut part = model(&Content::at(shown, held, now));
            family.unit = family.unit.or(part.unit);
            family.metric.append(&mut part.metric);
        }
        take(family);
    }
    own.into_values().for_each(&mut take);
}

fn head(shown: Shown<'_>) -> MetricFamily {
    let help = shown.help();
    MetricFamily {
        name: Some(shown.name().to_owned()),
        help: (!help.is_empty()).then(|| help.to_owned()),
        r#type: Some(MetricType::from(shown.kind) as i32),
        ..MetricFamily::default()
    }
}

fn models_of(own: &Page, groups: &Snapshot) -> Vec<MetricFamily> {
    read(own::text(own, groups), "the gateway's own metrics")
}

/// The metrics of one group's family. Series whose pusher did not say when they began did so, for all
/// that anybody knows, when the family was first pushed.
pub(super) fn model(part: &Content<'_>) -> MetricFamily {
    let whole = part.beyond.and_then(|beyond| protobuf::metrics(beyond).ok());
    let mut family = match (whole, part.zeros) {
        (Some(whole), None) => whole,
        (Some(whole), Some(zeros)) => {
            zeros::shown(whole, from_text(part, part.lines), from_text(part, zeros))
        }
        (None, zeros) => from_text(part, zeros.unwrap_or(part.lines)),
    };
    if let Some(first) = part.stamps.first().map(unix).and_then(Timestamp::of) {
        for created in family.metric.iter_mut().filter_map(Metric::created) {
            created.get_or_insert(first);
        }
    }
    family
}

fn from_text(part: &Content<'_>, lines: &[u8]) -> MetricFamily {
    let mut text = Vec::with_capacity(lines.len() + 64);
    encode::header(part.name, None, part.kind, &mut text);
    text.extend_from_slice(lines);
    read(text, part.name).pop().unwrap_or_default()
}

fn read(text: Vec<u8>, what: &str) -> Vec<MetricFamily> {
    match Page::parse(text, &Limits::NONE) {
        Ok(page) => protobuf::families(&page),
        Err(error) => {
            tracing::error!(what, %error, "what is shown cannot be read again");
            Vec::new()
        }
    }
}
