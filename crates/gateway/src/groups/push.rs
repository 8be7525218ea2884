//! One push: taken whole, or refused and nothing is changed.

use std::sync::Arc;
use std::time::Duration;

use exposition::GroupingKey;

use super::{Change, Groups, Moment};
use crate::policy::Manner;
use crate::push::Push;

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

impl Groups {
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
        let held = self.ids.get(key).copied();
        // Of a group that was deleted and waits for its scrape nothing goes on, but it goes only once all is well.
        let known = held.filter(|id| !self.is_leaving(*id));
        if let Some(how) = &manner.aggregate {
            if known.is_some() && manner.once.is_some_and(|once| self.was_taken(key, once)) {
                return Ok(());
            }
            (method, push) = (Method::Post, self.added(known, push, how)?);
        }
        let replaced = if known.is_some() { method } else { Method::Put };
        if held.is_none() && self.len() >= self.most && self.failures.is_empty() {
            return Err(Conflict::TooManyGroups(self.most));
        }
        if let Some(twin) = self.twin(key) {
            let message = format!("its push times would be those of group {twin}, whose labels are the same");
            return Err(Conflict::Inconsistent(message));
        }
        self.check(replaced, held, &push).map_err(Conflict::Inconsistent)?;
        let once = manner.once.filter(|_| manner.aggregate.is_some());
        self.check_room(replaced, held, &push, once.map_or(0, |_| self.once_bytes(known)))?;
        if known.is_none() {
            self.delete(key);
        }
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
        if let Some(once) = once {
            self.note_taken(id, once);
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
}
