//! The groups that this agent made at one gateway, and what becomes of each at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use exposition::GroupingKey;

use crate::config::OnShutdown;
use crate::snapshot::Snapshot;

#[derive(Debug)]
pub(super) struct Groups {
    on_shutdown: OnShutdown,
    linger: Duration,
    made: BTreeSet<GroupingKey>,
    /// Those whose source is gone, with the time when they are to be deleted.
    ending: BTreeMap<GroupingKey, Instant>,
}

impl Groups {
    pub(super) fn new(on_shutdown: OnShutdown, linger: Duration) -> Self {
        Self { on_shutdown, linger, made: BTreeSet::new(), ending: BTreeMap::new() }
    }

    /// Groups end another way from now on; those that wait for their end go on to it.
    pub(super) fn alter(&mut self, on_shutdown: OnShutdown, linger: Duration) {
        (self.on_shutdown, self.linger) = (on_shutdown, linger);
    }

    /// The life of the group that a snapshot makes, `ttl` unless it is the last one.
    pub(super) fn life(&self, snapshot: &Snapshot, ttl: Option<Duration>) -> Option<Duration> {
        let expires = snapshot.last && self.on_shutdown == OnShutdown::Expire;
        if expires { Some(self.linger) } else { ttl }
    }

    /// Notes that the gateway took it.
    pub(super) fn took(&mut self, snapshot: &Snapshot, now: Instant) {
        self.made.insert(snapshot.key.clone());
        self.ending.remove(&snapshot.key);
        match self.on_shutdown {
            OnShutdown::Delete if snapshot.last => {
                self.ending.insert(snapshot.key.clone(), now + self.linger);
            }
            // It ends by itself, or stays as it was asked to.
            _ if snapshot.last => drop(self.made.remove(&snapshot.key)),
            _ => {}
        }
    }

    /// Those whose source has been gone for the linger: not ours any more.
    pub(super) fn due(&mut self, now: Instant) -> BTreeSet<GroupingKey> {
        let due: BTreeSet<GroupingKey> =
            self.ending.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect();
        for key in &due {
            self.ending.remove(key);
            self.made.remove(key);
        }
        due
    }

    /// How long deleting takes when all ends, with a moment for the requests themselves.
    pub(super) fn ending(&self) -> Duration {
        let deletes = self.on_shutdown == OnShutdown::Delete;
        if deletes { self.linger + Duration::from_millis(500) } else { Duration::ZERO }
    }

    /// Those that are to be deleted when all ends, and how long after.
    pub(super) fn end(&mut self) -> Option<(Duration, BTreeSet<GroupingKey>)> {
        let deletes = self.on_shutdown == OnShutdown::Delete;
        deletes.then(|| (self.linger, std::mem::take(&mut self.made)))
    }
}
