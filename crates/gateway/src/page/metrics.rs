//! `/metrics` as text 0.0.4, made from the stored text.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use exposition::{Family, GroupingKey, Kind, Page, PageBuilder, encode};

use crate::groups::{Group, Groups, Shown};
use crate::push::group_labels;

/// Writes all groups and the gateway's own metrics as text 0.0.4, families sorted by name.
pub fn metrics(groups: &Groups, own: &Page) -> Vec<u8> {
    let (times, now) = (times(groups), Instant::now());
    let mut families: BTreeMap<&str, (Option<Family<'_>>, Option<Shown<'_>>)> = BTreeMap::new();
    for family in own.families().chain(times.families()) {
        families.entry(family.name()).or_default().0 = Some(family);
    }
    for family in groups.families() {
        families.entry(family.name).or_default().1 = Some(family);
    }
    let bytes: usize = groups.iter().map(|group| group.bytes + 256).sum();
    let mut out = Vec::with_capacity(bytes + own.text().len() + times.text().len());
    for (name, (own, pushed)) in families {
        // One help text a name: a scrape that shows two costs Prometheus a log line each time.
        let own_help = own.and_then(|family| family.help());
        let pushed_help = pushed.as_ref().map(|family| family.help).filter(|help| !help.is_empty());
        let kind = own.map(|family| family.kind()).or(pushed.as_ref().map(|family| family.kind));
        encode::header(name, own_help.as_deref().or(pushed_help), kind.unwrap_or_default(), &mut out);
        for sample in own.iter().flat_map(Family::samples) {
            out.extend_from_slice(sample.line().as_bytes());
            out.push(b'\n');
        }
        for held in pushed.iter().flat_map(Shown::held) {
            out.extend_from_slice(held.lines_at(now));
        }
    }
    out
}

/// When each group was pushed to, when that last failed, and when it ends.
pub(super) fn times(groups: &Groups) -> Page {
    let mut page = PageBuilder::new();
    let labelled: Vec<_> = groups.iter().map(|group| (group, labels(&group.key))).collect();
    let mut family = |name: &str, help: &str, time: &dyn Fn(&Group) -> Option<f64>| {
        page.family(name, help, Kind::Gauge);
        for (group, labels) in &labelled {
            let labels: Vec<(&str, &str)> =
                labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            if let Some(time) = time(group) {
                page.sample(name, &labels, time);
            }
        }
    };
    let seconds = |time: Option<SystemTime>| time.map_or(0.0, unix);
    let (now, wall) = (Instant::now(), unix(SystemTime::now()));
    family(
        "push_expires_time_seconds",
        "Unix time when this group will be deleted unless it is pushed to.",
        &|group| Some(wall + group.expires?.saturating_duration_since(now).as_secs_f64()),
    );
    family(
        "push_failure_time_seconds",
        "Last Unix time when changing this group in the Pushgateway failed.",
        &|group| Some(seconds(group.failed)),
    );
    family(
        "push_time_seconds",
        "Last Unix time when changing this group in the Pushgateway succeeded.",
        &|group| Some(seconds(group.pushed)),
    );
    page.finish()
}

pub(super) fn unix(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

pub(super) fn labels(key: &GroupingKey) -> Vec<(String, String)> {
    let mut labels = group_labels(key);
    if !labels.iter().any(|(name, _)| name == "instance") {
        labels.push(("instance".to_owned(), String::new()));
        labels.sort();
    }
    labels
}
