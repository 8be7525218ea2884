//! The rules: which push is taken, what it replaces, and when a group ends.
//!
//! Families are kept by name, and under each name by group: a scrape walks them in order and
//! copies text, and a push looks only at the names and series that it brings. What it costs
//! does not depend on what else is stored.

mod aggregate;
mod bounds;
mod check;
mod contents;
mod held;
mod kept;
mod lifetimes;
mod listed;
mod once;
mod origin;
mod stamps;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Kind};

pub use self::bounds::Most;
pub use self::contents::{Content, GroupContent};
use self::held::Name;
pub use self::held::{Held, Shown};
pub use self::kept::{Change, Kept, KeptFamily};
pub use self::listed::{Refused, Stored};
pub use self::once::REMEMBERED;
pub use self::origin::Origin;
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

/// The number of a group; no two groups that there ever were have the same.
pub type Id = u64;

/// All groups.
#[derive(Debug, Default)]
pub struct Groups {
    ids: HashMap<GroupingKey, Id>,
    held: BTreeMap<Id, Group>,
    names: BTreeMap<Arc<str>, Name>,
    series: HashMap<u64, Id>,
    deadlines: BTreeSet<(Instant, Id)>,
    /// Groups that only failed pushes made: the first to go where there is no room.
    failures: BTreeSet<Id>,
    expired: u64,
    own: HashMap<String, Kind>,
    last_id: Id,
    most: usize,
    /// Of groups whose counters begin at 0.
    tails: HashMap<Id, origin::Tail>,
    /// Of groups whose pushes are added up, and say which they are.
    once: HashMap<Id, once::Once>,
    bounds: Most,
    /// Bytes of text held in all groups.
    bytes: usize,
    /// What is to be kept over a restart, where anything is.
    changes: Option<Vec<Change>>,
}

/// One group as it is shown.
#[derive(Debug, Clone)]
pub struct Group {
    /// What identifies it.
    pub key: GroupingKey,
    /// The last good push.
    pub pushed: Option<SystemTime>,
    /// The last failed one.
    pub failed: Option<SystemTime>,
    /// When it ends.
    pub expires: Option<Instant>,
    /// Who pushed last, where that was said.
    pusher: Option<Box<str>>,
    /// The last push that it did not take, in words.
    refused: Option<Box<Refused>>,
    families: BTreeSet<Arc<str>>,
    /// Series held.
    pub series: usize,
    /// Bytes of text held.
    pub bytes: usize,
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
        if known.is_none() && self.held.len() >= self.most && self.failures.is_empty() {
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
        let replaced: Vec<Arc<str>> = match method {
            Method::Put => self.held[&id].families.iter().cloned().collect(),
            Method::Post => push.families.iter().map(|family| Arc::from(family.name.as_str())).collect(),
        };
        // A group that was not there has no others; whatever a log still has of one that ended is void.
        let touched = (method == Method::Post && known.is_some()).then(|| replaced.clone());
        self.note(|| Change::Touched(key.clone(), touched));
        let stamps = self.stamps(id, &push.families, now.wall);
        for name in replaced {
            self.release(id, &name);
        }
        for (family, stamps) in push.families.into_iter().zip(stamps) {
            self.hold(id, family, stamps);
        }
        if let Some(group) = self.held.get_mut(&id) {
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
        let Some(group) = self.held.get_mut(&id) else { return };
        group.failed = Some(now.wall);
        if group.pushed.is_none() {
            self.failures.insert(id);
            self.set_deadline(id, Some(now.steady + life));
        }
    }

    /// Notes who pushed a group last; whoever did so before.
    pub fn pushed_by(&mut self, key: &GroupingKey, pusher: Option<&str>) -> Option<Box<str>> {
        let group = self.held.get_mut(self.ids.get(key)?)?;
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
        for id in self.held.keys().copied().collect::<Vec<_>>() {
            self.end(id);
        }
        self.note(|| Change::Wiped);
    }

    /// The groups in the order of their first push.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.held.values()
    }

    /// Series held in all groups.
    pub fn series(&self) -> usize {
        self.series.len()
    }

    /// Bytes of text held in all groups.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn holds(&self, id: Id, name: &str) -> bool {
        self.held.get(&id).is_some_and(|group| group.families.contains(name))
    }

    /// The group of a key; a new one takes the place of one that only failures made, if there must be one.
    fn group(&mut self, key: &GroupingKey) -> Option<Id> {
        if let Some(id) = self.ids.get(key) {
            return Some(*id);
        }
        if self.held.len() >= self.most {
            let oldest = *self.failures.first()?;
            self.end(oldest);
        }
        self.last_id += 1;
        let group = Group {
            key: key.clone(),
            pushed: None,
            failed: None,
            expires: None,
            pusher: None,
            refused: None,
            families: BTreeSet::new(),
            series: 0,
            bytes: 0,
        };
        self.ids.insert(key.clone(), self.last_id);
        self.held.insert(self.last_id, group);
        Some(self.last_id)
    }

    fn end(&mut self, id: Id) {
        let Some(group) = self.held.get(&id) else { return };
        let (key, names, deadline) = (group.key.clone(), group.families.clone(), group.expires);
        for name in names {
            self.release(id, &name);
        }
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, id));
        }
        self.ids.remove(&key);
        self.failures.remove(&id);
        self.tails.remove(&id);
        self.once.remove(&id);
        self.held.remove(&id);
    }
}
