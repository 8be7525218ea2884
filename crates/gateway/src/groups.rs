//! The rules: which push is taken, what it replaces, and when a group ends.
//!
//! Families are kept by name, and under each name by group: a scrape takes a [`Snapshot`], walks
//! them in order and copies text, and a push looks only at the names and series that it brings. What
//! it costs does not depend on what else is stored, nor on who reads it.

mod change;
mod check;
mod group;
mod held;
mod index;
mod lifetimes;
mod tree;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Kind};

pub use self::group::Group;
pub use self::held::{Held, Shown, Snapshot};
use self::index::Index;
use crate::push::Push;

/// A moment on both clocks: the wall's for what is shown, the steady one for lifetimes.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For `push_time_seconds`.
    pub wall: SystemTime,
    /// For expiry: nobody sets this clock.
    pub steady: Instant,
}

/// What a push does with the families that its group already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All go.
    Put,
    /// Those of the same name go.
    Post,
}

/// Why a push is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// It contradicts what is stored or itself: 400.
    Inconsistent(String),
    /// One group too many: 429.
    TooManyGroups(usize),
}

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

    /// Takes a push, or says why not and changes nothing.
    pub fn push(
        &mut self,
        method: Method,
        key: &GroupingKey,
        push: Push,
        life: Option<Duration>,
        now: Moment,
    ) -> Result<(), Conflict> {
        self.expire(now.steady);
        let known = self.ids.get(key).copied();
        if known.is_none() && self.len() >= self.most && self.failures.is_empty() {
            return Err(Conflict::TooManyGroups(self.most));
        }
        if let Some(twin) = self.twin(key) {
            let message = format!("its push times would be those of group {twin}, whose labels are the same");
            return Err(Conflict::Inconsistent(message));
        }
        self.check(method, known, &push).map_err(Conflict::Inconsistent)?;
        let Some(id) = self.group(key) else { return Err(Conflict::TooManyGroups(self.most)) };
        self.failures.remove(&id);
        self.replace(method, id, push);
        if let Some(group) = self.group_mut(id) {
            group.pushed = Some(now.wall);
        }
        self.set_deadline(id, life.map(|life| now.steady + life));
        Ok(())
    }

    /// Notes a push that was refused. A group that only failures made ends after `life`.
    pub fn fail(&mut self, key: &GroupingKey, life: Duration, now: Moment) {
        self.expire(now.steady);
        if self.twin(key).is_some() {
            return;
        }
        let Some(id) = self.group(key) else { return };
        let Some(group) = self.group_mut(id) else { return };
        group.failed = Some(now.wall);
        if group.pushed.is_none() {
            self.failures.insert(id);
            self.set_deadline(id, Some(now.steady + life));
        }
    }

    /// Notes who pushed a group last; whoever did so before.
    pub fn pushed_by(&mut self, key: &GroupingKey, pusher: Option<&str>) -> Option<Box<str>> {
        let group = self.group_mut(*self.ids.get(key)?)?;
        if group.pusher.as_deref() == pusher {
            return pusher.map(Box::from);
        }
        std::mem::replace(&mut group.pusher, pusher.map(Box::from))
    }

    /// Ends a group; says whether there was one.
    pub fn delete(&mut self, key: &GroupingKey) -> bool {
        let Some(id) = self.ids.get(key).copied() else { return false };
        self.end(id);
        true
    }

    /// Ends all groups.
    pub fn wipe(&mut self) {
        for id in self.ids.values().copied().collect::<Vec<_>>() {
            self.end(id);
        }
    }

    /// All groups as they are now.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.clone()
    }

    /// A group by its key.
    pub fn get(&self, key: &GroupingKey) -> Option<&Group> {
        self.snapshot.groups.get(self.ids.get(key)?).map(|group| &**group)
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
    }
}
