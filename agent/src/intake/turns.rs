//! Whose turn it is: groups take turns, and one that failed waits by itself.
//!
//! Without a clock: the time is an argument. A group that a gateway answers 503 to must not hold
//! back the others; a gateway that cannot be reached at all holds back all of them.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;
use std::time::Duration;

use exposition::GroupingKey;
use tokio::time::Instant;

use crate::backoff::{self, Backoff};
use crate::sinks::Scope;
use crate::snapshot::Snapshot;

/// So often in a row an endpoint is tried at the end that cannot be reached.
const LAST_TRIES: u32 = 4;
/// No longer is waited between two tries where who cannot be reached is tried until the end.
const INSISTENT: Duration = Duration::from_secs(1);

/// More groups than this are no machine but a mistake.
pub(super) const MOST: usize = 10_000;

/// What is to be done now.
#[derive(Debug)]
pub(super) enum Turn {
    /// This one is to be sent.
    Send(Arc<Snapshot>),
    /// All that wait are to be left alone until then.
    Wait(Instant),
    /// Nothing waits.
    Nothing,
}

/// What became of a snapshot that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It waits.
    Kept,
    /// It waits, and an older one of its group does not any more.
    Replaced,
    /// It does not wait: there are too many groups.
    Full,
}

#[derive(Debug, Default)]
struct Pause {
    backoff: Backoff,
    until: Option<Instant>,
    /// Until somebody says rightly who we are.
    is_held: bool,
}

/// The newest snapshot of each group, and who may be sent when.
#[derive(Debug)]
pub(super) struct Turns {
    waiting: BTreeMap<GroupingKey, Arc<Snapshot>>,
    failing: BTreeMap<GroupingKey, Pause>,
    endpoint: Pause,
    /// Whose turn was the last one; the next in order follows.
    last: Option<GroupingKey>,
    /// When everything ends, once that is known.
    end: Option<Instant>,
    /// No failure is waited for longer, unless the receiver asks for it.
    most: Duration,
    /// At the end, too, who cannot be reached is tried on and on.
    insists: bool,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            failing: BTreeMap::new(),
            endpoint: Pause::default(),
            last: None,
            end: None,
            most: backoff::MOST,
            insists: false,
        }
    }
}

impl Turns {
    /// A new snapshot comes each interval: to wait longer than that for a gateway saves it nothing.
    pub(super) fn wait_at_most(&mut self, interval: Duration) {
        self.most = interval.min(backoff::MOST);
    }

    /// Who cannot be reached is tried until the end.
    pub(super) fn insist(&mut self) {
        self.insists = true;
    }

    /// Takes a snapshot in place of an older one of its group.
    pub(super) fn offer(&mut self, snapshot: Arc<Snapshot>) -> Taken {
        if self.waiting.len() >= MOST && !self.waiting.contains_key(&snapshot.key) {
            return Taken::Full;
        }
        let replaced = self.waiting.insert(snapshot.key.clone(), snapshot);
        if replaced.is_some() { Taken::Replaced } else { Taken::Kept }
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self, now: Instant) -> Turn {
        let is_lost = self.end.is_some() && !self.insists && self.endpoint.backoff.failures() >= LAST_TRIES;
        if self.waiting.is_empty() || is_lost {
            return Turn::Nothing;
        }
        if let Some(until) = self.endpoint.until.filter(|until| *until > now) {
            return Turn::Wait(until);
        }
        let due = |key: &GroupingKey| self.failing.get(key).and_then(|pause| pause.until);
        let after = match &self.last {
            Some(last) => self.waiting.range::<GroupingKey, _>((Excluded(last), Unbounded)),
            None => self.waiting.range::<GroupingKey, _>(..),
        };
        let ready = |key: &&GroupingKey| due(key).is_none_or(|until| until <= now);
        let chosen =
            after.map(|(key, _)| key).find(ready).or_else(|| self.waiting.keys().find(ready)).cloned();
        let Some(chosen) = chosen else {
            return self.waiting.keys().filter_map(due).min().map_or(Turn::Nothing, Turn::Wait);
        };
        let snapshot = self.waiting.remove(&chosen);
        self.last = Some(chosen);
        snapshot.map_or(Turn::Nothing, Turn::Send)
    }

    /// A group was sent, or refused for good.
    pub(super) fn settled(&mut self, key: &GroupingKey) {
        self.failing.remove(key);
        self.endpoint = Pause::default();
    }

    /// A group was not sent and waits again, unless a newer snapshot of it has come: then false.
    pub(super) fn failed(
        &mut self,
        snapshot: Arc<Snapshot>,
        scope: Scope,
        asked: Option<Duration>,
        now: Instant,
    ) -> bool {
        // Near the end it is worth asking once more before it, and not worth waiting for what is after it.
        let asked = asked.filter(|asked| self.end.is_none_or(|end| now + *asked < end));
        // At the end no newer snapshot comes, and a fleet that ends together is to make no storm.
        let most = match self.end {
            Some(_) if self.insists => INSISTENT,
            Some(_) => backoff::MOST,
            None => self.most,
        };
        let pause = self.pause(&snapshot.key, scope);
        pause.is_held = false;
        pause.until = Some(now + pause.backoff.next(asked, most));
        self.back(snapshot)
    }

    /// A group was not let in, and waits again for about so long, or until all is tried anew.
    pub(super) fn held(
        &mut self,
        snapshot: Arc<Snapshot>,
        scope: Scope,
        after: Duration,
        now: Instant,
    ) -> bool {
        let most = self.most;
        let pause = self.pause(&snapshot.key, scope);
        pause.is_held = true;
        pause.until = Some(now + pause.backoff.next(Some(after), most));
        self.back(snapshot)
    }

    /// Whose pause a failure makes longer.
    fn pause(&mut self, key: &GroupingKey, scope: Scope) -> &mut Pause {
        match scope {
            Scope::Endpoint => &mut self.endpoint,
            Scope::Group => {
                self.endpoint = Pause::default();
                self.failing.entry(key.clone()).or_default()
            }
        }
    }

    fn back(&mut self, snapshot: Arc<Snapshot>) -> bool {
        if self.waiting.contains_key(&snapshot.key) {
            return false;
        }
        self.waiting.insert(snapshot.key.clone(), snapshot);
        true
    }

    /// No more will come, and everything ends at `end`: each group is tried once whatever was before.
    pub(super) fn close(&mut self, end: Instant) {
        self.end = Some(end);
        self.anew();
    }

    /// Nobody failed before.
    pub(super) fn anew(&mut self) {
        self.failing.clear();
        self.endpoint = Pause::default();
    }

    /// Nobody was turned away before; what failed for other reasons waits on.
    pub(super) fn let_in(&mut self) {
        self.failing.retain(|_, pause| !pause.is_held);
        if self.endpoint.is_held {
            self.endpoint = Pause::default();
        }
    }

    /// Whether something waits to be let in.
    pub(super) fn is_held(&self) -> bool {
        self.endpoint.is_held || self.failing.values().any(|pause| pause.is_held)
    }

    /// When everything ends, once no more will come.
    pub(super) fn end(&self) -> Option<Instant> {
        self.end
    }

    /// Until when what failed is left alone, where something that failed waits.
    pub(super) fn paused(&self) -> Option<Instant> {
        let groups = self.waiting.keys().filter_map(|key| self.failing.get(key)?.until);
        let endpoint = self.endpoint.until.filter(|_| !self.waiting.is_empty());
        endpoint.or_else(|| groups.min())
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Gives up all that wait; how many.
    pub(super) fn clear(&mut self) -> usize {
        std::mem::take(&mut self.waiting).len()
    }
}

#[cfg(test)]
mod tests;
