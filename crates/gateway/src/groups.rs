//! The rules: which push is taken, what it replaces, and when a group ends.
//!
//! Families are kept by name, and under each name by group: a scrape takes a [`Snapshot`], walks
//! them in order and copies text, and a push looks only at the names and series that it brings. What
//! it costs does not depend on what else is stored, nor on who reads it.

mod aggregate;
mod bounds;
mod change;
mod check;
mod contents;
mod group;
mod held;
mod index;
mod kept;
mod lifetimes;
mod listed;
mod moment;
mod once;
mod origin;
mod push;
mod stamps;
mod tree;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use exposition::{GroupingKey, Kind};

pub use self::bounds::Most;
pub use self::contents::Content;
pub use self::group::{Group, time_labels};
pub use self::held::{Held, Shown, Snapshot};
use self::index::Index;
pub use self::kept::{Change, Kept, KeptFamily};
pub use self::listed::{Refused, Stored};
pub use self::moment::Moment;
pub use self::once::REMEMBERED;
pub use self::origin::{KeptOrigin, Origin};
pub use self::push::{Conflict, Method};
pub use self::stamps::Stamps;

/// A group's number: those that came later have higher ones, and none is used twice.
pub type Id = u64;

/// All groups.
#[derive(Debug, Default)]
pub struct Groups {
    snapshot: Snapshot,
    ids: HashMap<Arc<GroupingKey>, Id>,
    index: Index,
    deadlines: BTreeSet<(Instant, Id)>,
    /// Groups that only failed pushes made: the first to go where there is no room.
    failures: BTreeSet<Id>,
    expired: u64,
    own: HashMap<String, Kind>,
    last_id: Id,
    last_number: held::Number,
    most: usize,
    /// Of groups whose counters begin at 0.
    tails: HashMap<Id, origin::Tail>,
    /// Of groups whose pushes are added up, and say which they are.
    once: HashMap<Id, once::Once>,
    bounds: Most,
    /// What is to be kept over a restart, where anything is.
    changes: Option<Vec<Change>>,
    /// What was replaced: freeing it takes longer than a push may wait.
    dropped: Vec<Held>,
}

impl std::ops::Deref for Groups {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl Groups {
    /// No groups yet. `own` are the gateway's own families, which no push may contradict; `most` is the
    /// number of groups that may be held.
    pub fn new(own: HashMap<String, Kind>, most: usize) -> Self {
        Self { own, most, ..Self::default() }
    }

    /// Notes who pushed a group last; whoever did so before.
    pub fn pushed_by(&mut self, key: &GroupingKey, pusher: Option<&str>) -> Option<Box<str>> {
        let group = self.group_mut(*self.ids.get(key)?)?;
        if group.pusher() == pusher {
            return pusher.map(Box::from);
        }
        std::mem::replace(&mut group.pusher, pusher.map(Box::from))
    }

    /// Ends a group; says whether there was one.
    pub fn delete(&mut self, key: &GroupingKey) -> bool {
        let Some(id) = self.ids.get(key).copied() else { return false };
        self.end(id);
        self.note(|| Change::Deleted(key.clone()));
        true
    }

    /// Ends all groups.
    pub fn wipe(&mut self) {
        for id in self.ids.values().copied().collect::<Vec<_>>() {
            self.end(id);
        }
        self.note(|| Change::Wiped);
    }

    /// All groups as they are now.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.clone()
    }

    /// A group by its key.
    pub fn get(&self, key: &GroupingKey) -> Option<&Group> {
        self.numbered(*self.ids.get(key)?)
    }

    /// What was replaced or ended since this was last asked, to be freed where nobody waits for it.
    pub fn take_dropped(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.dropped)
    }

    fn group_mut(&mut self, id: Id) -> Option<&mut Group> {
        self.snapshot.groups.get_mut(&id).map(Arc::make_mut)
    }

    /// The group of a key; a new one takes the place of one that only failures made, if there must be one.
    fn group(&mut self, key: &GroupingKey) -> Option<Id> {
        if let Some(id) = self.ids.get(key) {
            return Some(*id);
        }
        if self.len() >= self.most {
            let oldest = *self.failures.first()?;
            self.end(oldest);
        }
        self.last_id += 1;
        let group = Group::new(self.last_id, key);
        self.ids.insert(Arc::clone(&group.key), group.id);
        self.snapshot.groups.insert(group.id, Arc::new(group));
        Some(self.last_id)
    }

    fn end(&mut self, id: Id) {
        self.empty(id);
        let Some(group) = self.snapshot.groups.remove(&id) else { return };
        if let Some(deadline) = group.expires {
            self.deadlines.remove(&(deadline, id));
        }
        self.ids.remove(&group.key);
        self.failures.remove(&id);
        self.tails.remove(&id);
        self.forget_taken(id);
    }
}
