//! What is held, group by group or name by name, taken out so that nobody waits while it is written.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use exposition::{GroupingKey, Kind};

use super::{Groups, Held, Stamps};

/// A family of one group. Taking it copies its name and help text, not its lines.
#[derive(Debug, Clone)]
pub struct Content {
    /// Its name.
    pub name: String,
    /// Its help text, empty if none.
    pub help: String,
    /// Its type.
    pub kind: Kind,
    /// Its sample lines.
    pub lines: Bytes,
    /// What text cannot say, where there is such: [`crate::families::Extra::metrics`].
    pub beyond: Option<Bytes>,
    /// When it was pushed.
    pub stamps: Stamps,
}

/// A group with all that it holds.
#[derive(Debug, Clone)]
pub struct GroupContent {
    /// What identifies it.
    pub key: GroupingKey,
    /// The last good push.
    pub pushed: Option<SystemTime>,
    /// The last failed one.
    pub failed: Option<SystemTime>,
    /// When it ends.
    pub expires: Option<Instant>,
    /// Its families, sorted by name.
    pub families: Vec<Content>,
}

impl Content {
    /// A family as it was pushed, or at some time as a scrape shows it: what text cannot say has no zeros, so
    /// it waits until they end.
    fn of(name: &str, kind: Kind, help: &str, family: &Held, at: Option<Instant>) -> Self {
        let lines = at.map_or(&family.lines, |now| family.lines_at(now));
        let whole = lines.as_ptr() == family.lines.as_ptr();
        Self {
            name: name.to_owned(),
            help: help.to_owned(),
            kind,
            lines: lines.clone(),
            beyond: family
                .extra
                .as_ref()
                .map(|extra| extra.metrics.clone())
                .filter(|it| whole && !it.is_empty()),
            stamps: family.stamps,
        }
    }
}

impl Groups {
    /// All groups in the order of their first push.
    pub fn contents(&self) -> Vec<GroupContent> {
        let group = |(id, group): (&super::Id, &super::Group)| {
            let family = |name: &std::sync::Arc<str>| {
                let held = self.names.get(name)?;
                held.holders.get(id).map(|it| Content::of(name, held.kind, &it.help, it, None))
            };
            GroupContent {
                key: group.key.clone(),
                pushed: group.pushed,
                failed: group.failed,
                expires: group.expires,
                families: group.families.iter().filter_map(family).collect(),
            }
        };
        self.held.iter().map(group).collect()
    }

    /// All families by name, as a scrape shows them; each part is what one group holds.
    pub fn by_name(&self) -> BTreeMap<String, Vec<Content>> {
        let now = Some(Instant::now());
        let parts = |family: super::Shown<'_>| {
            let parts =
                family.held().map(|held| Content::of(family.name, family.kind, family.help, held, now));
            (family.name.to_owned(), parts.collect())
        };
        self.families().map(parts).collect()
    }
}
