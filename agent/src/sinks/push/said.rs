//! What was logged last of a gateway and of each group, so that it is logged once and not at each interval.

use std::collections::{BTreeMap, BTreeSet};

use exposition::GroupingKey;

use crate::sinks::Scope;
use crate::snapshot::Snapshot;

/// Nothing of a group stays after its last snapshot: groups come and go for ever.
#[derive(Debug, Default)]
pub(super) struct Said {
    endpoint: Option<String>,
    groups: BTreeMap<GroupingKey, String>,
    /// Groups that hold what stands in for a page.
    stood_in: BTreeSet<GroupingKey>,
    clashing: BTreeSet<GroupingKey>,
    /// That native histograms are left out.
    natives: bool,
}

impl Said {
    /// A push was taken; whether something else was said before.
    pub(super) fn works(&mut self, key: &GroupingKey) -> bool {
        self.stood_in.remove(key);
        let group = self.groups.remove(key).is_some();
        self.endpoint.take().is_some() || group
    }

    /// A push failed; whether that is new.
    pub(super) fn failed(&mut self, key: &GroupingKey, scope: Scope, message: &str) -> bool {
        let before = match scope {
            Scope::Endpoint => self.endpoint.replace(message.to_owned()),
            Scope::Group => self.groups.insert(key.clone(), message.to_owned()),
        };
        before.as_deref() != Some(message)
    }

    /// A push was refused; whether that is new.
    pub(super) fn refused(&mut self, snapshot: &Snapshot, message: &str) -> bool {
        self.endpoint = None;
        let is_new = self.failed(&snapshot.key, Scope::Group, message);
        if snapshot.last {
            self.groups.remove(&snapshot.key);
            self.stood_in.remove(&snapshot.key);
        }
        is_new
    }

    /// A group now holds what stands in for its page.
    pub(super) fn stands_in(&mut self, snapshot: &Snapshot) {
        if !snapshot.last {
            self.stood_in.insert(snapshot.key.clone());
        }
    }

    pub(super) fn is_stood_in(&self, key: &GroupingKey) -> bool {
        self.stood_in.contains(key)
    }

    /// The first series that was left out of a push, if any was; given back where that is new.
    pub(super) fn clashing<'a>(&mut self, snapshot: &Snapshot, first: Option<&'a str>) -> Option<&'a str> {
        if first.is_none() || snapshot.last {
            self.clashing.remove(&snapshot.key);
            return None;
        }
        first.filter(|_| self.clashing.insert(snapshot.key.clone()))
    }

    /// Native histograms were left out of a push; whether that is new.
    pub(super) fn natives(&mut self) -> bool {
        !std::mem::replace(&mut self.natives, true)
    }

    /// A group is not ours any more.
    pub(super) fn deleted(&mut self, key: &GroupingKey) {
        self.clashing.remove(key);
    }
}
