//! What contradicts a push: other groups, the gateway's own metrics, and the push itself.

use std::collections::HashMap;

use exposition::{GroupingKey, Kind};

use super::{Groups, Id, Method};
use crate::push::Push;

impl Groups {
    /// Whether a push agrees with all other groups, with the gateway's own metrics, and with itself.
    pub(super) fn check(&self, method: Method, id: Option<Id>, push: &Push) -> Result<(), String> {
        let new: HashMap<&str, Kind> =
            push.families.iter().map(|family| (family.name.as_str(), family.kind)).collect();
        // The kind that a name has once this push is in, but for what the push itself says of it.
        let elsewhere = |name: &str| -> Option<Kind> {
            if let Some(kind) = self.own.get(name) {
                return Some(*kind);
            }
            let (number, what) = self.named(name).map(|(name, what)| (name.number(), what))?;
            let ours = id.is_some_and(|id| self.snapshot.families.get(&(number, id)).is_some());
            let ours_stays = ours && method == Method::Post && !new.contains_key(name);
            (what.holders > usize::from(ours) || ours_stays).then_some(what.kind)
        };
        let any = |name: &str| new.get(name).copied().or_else(|| elsewhere(name));
        for family in &push.families {
            let (name, kind) = (family.name.as_str(), family.kind);
            if let Some(other) = elsewhere(name).filter(|other| *other != kind) {
                return Err(format!("metric `{name}` has type {kind}, but elsewhere it has type {other}"));
            }
            for suffix in suffixes(kind) {
                let sample = format!("{name}{suffix}");
                if any(&sample).is_some() {
                    return Err(format!("metric `{sample}` collides with the {kind} `{name}`"));
                }
            }
            for (suffix, stem) in ["_count", "_sum", "_bucket"]
                .into_iter()
                .filter_map(|suffix| Some((suffix, name.strip_suffix(suffix)?)))
            {
                if let Some(other) = any(stem).filter(|other| suffixes(*other).contains(&suffix)) {
                    return Err(format!("metric `{name}` collides with the {other} `{stem}`"));
                }
            }
            let old = id.and_then(|id| self.held_of(id, name));
            if old.is_some_and(|old| old.block.has_series_of(&family.block)) {
                continue;
            }
            for series in family.block.series() {
                let Some(holder) = self.index.get(series) else { continue };
                // One of this group's own goes, or the families that have it would collide.
                if Some(holder) != id {
                    let key = self.groups.get(&holder).map(|group| group.key.to_string()).unwrap_or_default();
                    return Err(format!("a series of `{name}` is already held by group {key}"));
                }
            }
        }
        Ok(())
    }

    /// A held group that is shown with the same labels: no instance is shown as an empty one.
    pub(super) fn twin(&self, key: &GroupingKey) -> Option<GroupingKey> {
        let mut labels = key.labels().clone();
        match labels.get("instance").map(String::as_str) {
            None => labels.insert("instance".to_owned(), String::new()),
            Some("") => labels.remove("instance"),
            Some(_) => return None,
        };
        let twin = GroupingKey::new(key.job(), labels).ok()?;
        self.ids.contains_key(&twin).then_some(twin)
    }
}

/// Names of samples that a family of this kind has besides its own.
fn suffixes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Histogram | Kind::GaugeHistogram => &["_bucket", "_sum", "_count"],
        Kind::Summary => &["_sum", "_count"],
        _ => &[],
    }
}
