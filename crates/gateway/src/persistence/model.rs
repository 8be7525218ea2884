//! What logs and snapshots add up to.
//!
//! Records say what became of a group, not what was asked for, so that to apply one twice, or to one
//! that is newer already, changes nothing in the end. A snapshot may then be taken in parts, while
//! pushes go on, as long as all that happens meanwhile stands in the log that follows it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use exposition::GroupingKey;

use super::record::Record;
use crate::groups::{Kept, KeptFamily};

/// The groups of all records so far.
#[derive(Debug, Default)]
pub(super) struct Model {
    groups: HashMap<GroupingKey, Group>,
    order: u64,
}

#[derive(Debug)]
struct Group {
    order: u64,
    kept: Kept,
    families: BTreeMap<Arc<str>, KeptFamily>,
}

impl Model {
    /// Applies one.
    pub(super) fn apply(&mut self, record: Record) {
        match record {
            Record::Group { mut kept, whole } => {
                let families = std::mem::take(&mut kept.families);
                self.order += 1;
                let order = self.order;
                let group = match self.groups.entry(kept.key.clone()) {
                    Entry::Occupied(known) => {
                        let group = known.into_mut();
                        group.kept = kept;
                        group
                    }
                    Entry::Vacant(place) => place.insert(Group { order, kept, families: BTreeMap::new() }),
                };
                if whole {
                    group.families.clear();
                }
                group.families.extend(families.into_iter().map(|family| (Arc::clone(&family.name), family)));
            }
            Record::Deleted(key) => {
                self.groups.remove(&key);
            }
            Record::Wiped => self.groups.clear(),
            Record::End(_) => {}
        }
    }

    /// The groups in the order of their first push.
    pub(super) fn finish(self) -> Vec<Kept> {
        let mut groups: Vec<Group> = self.groups.into_values().collect();
        groups.sort_by_key(|group| group.order);
        let kept = |group: Group| Kept { families: group.families.into_values().collect(), ..group.kept };
        groups.into_iter().map(kept).collect()
    }
}
