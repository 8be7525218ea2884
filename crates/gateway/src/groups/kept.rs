//! Groups as they outlive a restart: taken out whole or in part, and put in again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use exposition::{GroupingKey, Kind};

use super::origin::Tail;
use super::{Groups, Held, Id, KeptOrigin, Method, Moment, Origin, Stamps};
use crate::families::{self, Extra, Prepared};
use crate::policy::LONGEST_ORIGIN;
use crate::push::Push;

/// A group, or a part of it. Times are the wall's: the steady clock begins anew with the machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What identifies it.
    pub key: GroupingKey,
    /// The last good push.
    pub pushed: Option<SystemTime>,
    /// The last failed one.
    pub failed: Option<SystemTime>,
    /// When it ends.
    pub expires: Option<SystemTime>,
    /// Who pushed last.
    pub pusher: Option<Box<str>>,
    /// What it remembers of its origins, if it has any.
    pub origin: Option<KeptOrigin>,
    /// Its families, or some of them.
    pub families: Vec<KeptFamily>,
}

/// A family of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptFamily {
    /// Its name.
    pub name: Arc<str>,
    /// Its help text, empty if none.
    pub help: String,
    /// Its type.
    pub kind: Kind,
    /// Its sample lines.
    pub lines: Bytes,
    /// When it was pushed.
    pub stamps: Stamps,
    /// What text cannot say of it: [`Extra::metrics`].
    pub metrics: Bytes,
    /// The places of its series that read 0, and until when.
    pub zeros: Vec<(u32, SystemTime)>,
}

/// What happened to a group, noted in the order in which it happened.
#[derive(Debug, Clone)]
pub enum Change {
    /// These families of it were replaced; with none named, all.
    Touched(GroupingKey, Option<Vec<Arc<str>>>),
    /// It was deleted.
    Deleted(GroupingKey),
    /// All were.
    Wiped,
}

impl KeptFamily {
    fn of(name: &str, kind: Kind, held: &Held, now: Moment) -> Self {
        let mut kept = Self {
            name: Arc::from(name),
            help: held.help().to_owned(),
            kind,
            lines: held.shared_lines(),
            stamps: held.stamps,
            metrics: Bytes::new(),
            zeros: Vec::new(),
        };
        if let Some(extra) = &held.extra {
            // Whatever is added there is kept as well: this line does not compile else.
            let Extra { metrics, origin } = &**extra;
            kept.metrics = metrics.clone();
            kept.zeros = origin.as_ref().map(|origin| origin.keep(held.series(), now)).unwrap_or_default();
        }
        kept
    }

    /// Made ready to be held again; no zeros last longer than `most`.
    fn prepared(self, most: Duration, now: Moment) -> Result<Prepared, String> {
        let prepared = families::again(&self.name, self.help, self.kind, &self.lines)?;
        let origin = Origin::again(&prepared, &self.zeros, most, now);
        let extra = Extra { metrics: self.metrics, origin };
        let extra = (extra != Extra::default()).then(|| Arc::new(extra));
        Ok(Prepared { extra, ..prepared })
    }
}

impl Groups {
    /// From now on changes are noted, for [`Groups::changes`] to take.
    pub fn note_changes(&mut self) {
        self.changes.get_or_insert_default();
    }

    /// What changed since this was last asked.
    pub fn changes(&mut self) -> Vec<Change> {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn note(&mut self, change: impl FnOnce() -> Change) {
        if let Some(changes) = &mut self.changes {
            changes.push(change());
        }
    }

    /// A group as it is now, with all of its families or with those that are named and that it has.
    pub fn keep(&self, key: &GroupingKey, names: Option<&[Arc<str>]>, now: Moment) -> Option<Kept> {
        self.kept(*self.ids.get(key)?, names, now)
    }

    /// Up to `most` groups behind this one, in order, and where to go on.
    pub fn keep_some(&self, after: u64, most: usize, now: Moment) -> (Vec<Kept>, Option<u64>) {
        let ids: Vec<Id> = self.iter_from(after + 1).take(most).map(|(id, _)| id).collect();
        let next = ids.last().copied();
        (ids.into_iter().filter_map(|id| self.kept(id, None, now)).collect(), next)
    }

    fn kept(&self, id: Id, names: Option<&[Arc<str>]>, now: Moment) -> Option<Kept> {
        let group = self.numbered(id)?;
        let family = |name: &str, kind: Kind, held: &Held| KeptFamily::of(name, kind, held, now);
        let families = match names {
            Some(names) => names
                .iter()
                .filter_map(|name| Some(family(name, self.kind_of(name)?, self.held_of(id, name)?)))
                .collect(),
            None => {
                self.families_of(group).map(|(shown, held)| family(shown.name(), shown.kind, held)).collect()
            }
        };
        Some(Kept {
            key: (*group.key).clone(),
            pushed: group.pushed,
            failed: group.failed,
            expires: group.expires.map(|end| now.wall_at(end)),
            pusher: group.pusher.clone(),
            origin: self.tails.get(&id).map(|tail| tail.keep(now)),
            families,
        })
    }

    /// Puts a group in as it was; says which of its families contradict what is there, and are left out.
    /// One whose time has come is not put in. The limit on groups is no reason to lose what was taken.
    pub fn restore(&mut self, kept: Kept, now: Moment) -> Vec<String> {
        let mut left_out = Vec::new();
        let left = kept.expires.map(|end| left(end, kept.pushed.or(kept.failed), now.wall));
        if left.is_some_and(|left| left.is_zero()) {
            return left_out;
        }
        if let Some(twin) = self.twin(&kept.key) {
            return vec![format!("group {}: its labels are those of group {twin}", kept.key)];
        }
        let limit = std::mem::replace(&mut self.most, usize::MAX);
        let id = self.group(&kept.key);
        self.most = limit;
        let Some(id) = id else { return left_out };
        let most = kept.origin.map_or(LONGEST_ORIGIN, |kept| kept.origin);
        for family in kept.families {
            let (name, stamps) = (Arc::clone(&family.name), family.stamps);
            let taken = family.prepared(most, now).and_then(|prepared| {
                let push = Push { families: vec![prepared] };
                self.check(Method::Post, Some(id), &push)?;
                Ok(push.families)
            });
            match taken {
                Ok(families) => {
                    let families = families.into_iter().map(|family| (family, stamps)).collect();
                    self.replace(Method::Post, id, families);
                }
                Err(error) => left_out.push(format!("`{name}` of group {}: {error}", kept.key)),
            }
        }
        if let Some(group) = self.group_mut(id) {
            (group.pushed, group.failed, group.pusher) = (kept.pushed, kept.failed, kept.pusher);
        }
        if let Some(origin) = kept.origin {
            self.tails.insert(id, Tail::again(origin, now));
        }
        if kept.pushed.is_none() {
            self.failures.insert(id);
        }
        self.set_deadline(id, left.map(|left| now.steady + left));
        left_out
    }
}

/// The time to live that is left. Where the wall's clock was set back, a group lives no longer than
/// its push said.
fn left(end: SystemTime, since: Option<SystemTime>, wall: SystemTime) -> Duration {
    let left = end.duration_since(wall).unwrap_or_default();
    let life = since.and_then(|since| end.duration_since(since).ok());
    life.map_or(left, |life| life.min(left))
}
