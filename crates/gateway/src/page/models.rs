//! `/metrics` in the formats that can say more than text: delimited protobuf and OpenMetrics.

use std::collections::BTreeMap;

use exposition::protobuf::model::{Metric, MetricFamily, MetricType, Timestamp};
use exposition::{Limits, Page, encode, protobuf};

use super::metrics::{times, unix};
use crate::groups::{Content, Groups};

/// All that a scrape shows, taken at one moment.
#[derive(Debug)]
pub struct Snapshot {
    pushed: BTreeMap<String, Vec<Content>>,
    times: Page,
}

impl Snapshot {
    /// Takes what is held now.
    pub fn of(groups: &Groups) -> Self {
        Self { pushed: groups.by_name(), times: times(groups) }
    }

    /// All families, with the gateway's own, as delimited protobuf, sorted by name.
    pub fn protobuf(self, own: &Page) -> Vec<u8> {
        let mut out = Vec::new();
        self.each(own, |family| protobuf::encode(&family, &mut out));
        out
    }

    /// The same as OpenMetrics 1.0.
    pub fn openmetrics(self, own: &Page) -> Vec<u8> {
        let (mut families, mut out) = (Vec::new(), Vec::new());
        self.each(own, |family| families.push(family));
        protobuf::openmetrics(&families, &mut out);
        out
    }

    fn each(self, own: &Page, mut take: impl FnMut(MetricFamily)) {
        let own = [own, &self.times].into_iter().flat_map(protobuf::families);
        let mut own: BTreeMap<String, MetricFamily> =
            own.map(|family| (family.name().to_owned(), family)).collect();
        for (name, parts) in self.pushed {
            // What stands before this one comes first.
            let after = own.split_off(&name);
            std::mem::replace(&mut own, after).into_values().for_each(&mut take);
            let mut family = own.remove(&name).unwrap_or_else(|| head(&name, &parts));
            for part in &parts {
                let mut part = model(part);
                family.unit = family.unit.or(part.unit);
                family.metric.append(&mut part.metric);
            }
            take(family);
        }
        own.into_values().for_each(&mut take);
    }
}

fn head(name: &str, parts: &[Content]) -> MetricFamily {
    let help = parts.first().map(|part| part.help.clone()).filter(|help| !help.is_empty());
    let kind = parts.first().map(|part| part.kind).unwrap_or_default();
    MetricFamily {
        name: Some(name.to_owned()),
        help,
        r#type: Some(MetricType::from(kind) as i32),
        ..MetricFamily::default()
    }
}

/// The metrics of one group's family. Series whose pusher did not say when they began did so, for all
/// that anybody knows, when the family was first pushed.
pub(super) fn model(part: &Content) -> MetricFamily {
    let read = part.beyond.as_ref().and_then(|beyond| protobuf::metrics(beyond).ok());
    let mut family = read.unwrap_or_else(|| from_text(part));
    if let Some(first) = part.stamps.first().map(unix).and_then(Timestamp::of) {
        for created in family.metric.iter_mut().filter_map(Metric::created) {
            created.get_or_insert(first);
        }
    }
    family
}

fn from_text(part: &Content) -> MetricFamily {
    let mut text = Vec::with_capacity(part.lines.len() + 64);
    encode::header(&part.name, None, part.kind, &mut text);
    text.extend_from_slice(&part.lines);
    match Page::parse(text, &Limits::NONE) {
        Ok(page) => protobuf::families(&page).pop().unwrap_or_default(),
        Err(error) => {
            tracing::error!(name = part.name, %error, "what is held cannot be read again");
            MetricFamily::default()
        }
    }
}
