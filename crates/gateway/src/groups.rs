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
mod once;
mod origin;
mod stamps;
mod tree;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Kind};

pub use self::bounds::Most;
pub use self::contents::Content;
pub use self::group::{Group, time_labels};
pub use self::held::{Held, Shown, Snapshot};
use self::index::Index;
pub use self::kept::{Change, Kept, KeptFamily};
pub use self::listed::{Refused, Stored};
pub use self::once::REMEMBERED;
pub use self::origin::{KeptOrigin, Origin};
pub use self::stamps::Stamps;
use crate::policy::Manner;
use crate::push::Push;

/// A moment on both clocks: the wall's for what is shown, the steady one for lifetimes.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For `push_time_seconds`.
    pub wall: SystemTime,
    /// For expiry: nobody sets this clock.
    pub steady: Instant,
}

impl Moment {
    /// This one.
    pub fn now() -> Self {
        Self { wall: SystemTime::now(), steady: Instant::now() }
    }

    /// What the wall's clock shows at another moment.
    pub(crate) fn wall_at(self, steady: Instant) -> SystemTime {
        match steady.checked_duration_since(self.steady) {
            Some(ahead) => self.wall + ahead,
            None => self.wall - self.steady.duration_since(steady),
        }
    }

    /// The moment at which the wall's clock shows this; now, where the steady one does not go so far.
    pub(crate) fn steady_at(self, wall: SystemTime) -> Instant {
        let moment = match wall.duration_since(self.wall) {
            Ok(ahead) => self.steady.checked_add(ahead),
            Err(behind) => self.steady.checked_sub(behind.duration()),
        };
        moment.unwrap_or(self.steady)
    }
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
    /// Its group would be too large: 413.
    GroupTooLarge {
        /// Series that the group would have.
        series: usize,
        /// How many it may have.
        limit: usize,
    },
    /// All groups together would be too large: 429, for others may end.
    Full {
        /// Bytes of text that there would be.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
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

    /// Takes a push, or says why not and changes nothing.
    pub fn push(
        &mut self,
        method: Method,
        key: &GroupingKey,
        push: Push,
        life: Option<Duration>,
        now: Moment,
    ) -> Result<(), Conflict> {
        self.push_as(method, key, push, &Manner { life, ..Manner::default() }, now)
    }

    /// The same for a push that may be added to what is stored, or begin at 0.
    pub fn push_as(
        &mut self,
        mut method: Method,
        key: &GroupingKey,
        mut push: Push,
        manner: &Manner,
        now: Moment,
    ) -> Result<(), Conflict> {
        self.expire(now.steady);
        self.leave_now(key);
        if let Some(how) = &manner.aggregate {
            if manner.once.is_some_and(|once| self.was_taken(key, once)) {
                return Ok(());
            }
            (method, push) = (Method::Post, self.added(key, push, how)?);
        }
        let known = self.ids.get(key).copied();
        if known.is_none() && self.len() >= self.most && self.failures.is_empty() {
            return Err(Conflict::TooManyGroups(self.most));
        }
        if let Some(twin) = self.twin(key) {
            let message = format!("its push times would be those of group {twin}, whose labels are the same");
            return Err(Conflict::Inconsistent(message));
        }
        self.check(method, known, &push).map_err(Conflict::Inconsistent)?;
        self.check_room(method, known, &push)?;
        let Some(id) = self.group(key) else { return Err(Conflict::TooManyGroups(self.most)) };
        self.failures.remove(&id);
        let shown = self.begin_at_zero(id, &mut push.families, manner.origin, now.steady);
        self.note(|| {
            let names = || push.families.iter().map(|family| Arc::from(family.name.as_str())).collect();
            // A group that was not there has no others; whatever a log still has of one that ended is void.
            Change::Touched(key.clone(), (method == Method::Post && known.is_some()).then(names))
        });
        let stamps = self.stamps(id, &push.families, now.wall);
        self.replace(method, id, push.families.into_iter().zip(stamps).collect());
        if let Some(group) = self.group_mut(id) {
            group.pushed = Some(now.wall);
        }
        let end = self.ends(id, manner.life, (manner.origin, shown), now.steady);
        self.set_deadline(id, end);
        if let Some(once) = manner.once.filter(|_| manner.aggregate.is_some()) {
            self.note_taken(key, once);
        }
        Ok(())
    }

    /// Notes a push that was refused. A group that only failures made ends after `life`.
    pub fn fail(&mut self, key: &GroupingKey, life: Duration, now: Moment) {
        self.expire(now.steady);
        if self.twin(key).is_some() {
            return;
        }
        let known = self.ids.contains_key(key);
        let Some(id) = self.group(key) else { return };
        self.note(|| Change::Touched(key.clone(), known.then(Vec::new)));
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
        self.once.remove(&id);
    }
}
