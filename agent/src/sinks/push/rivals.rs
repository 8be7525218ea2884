//! Other agents that push our groups: found by the id that each leaves there, and told, without a fight.
//!
//! Whoever pushes after our own push, and does not leave with it, is one that lives: a predecessor pushed before,
//! and the last push of one that leaves says so. Our gateway says who pushed a group before; of a real one the
//! page is read.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use exposition::GroupingKey;

use super::pusher::Pusher;

/// What a foreign id counts for, against one for each push without: after so many the conflict is over.
const FOUND: u8 = 8;
/// So many pushes may read the page as soon as they like, so that a second agent is found when it starts.
const SAVED: usize = 64;
/// A look, with the wait before it, takes no more than one part in so many of the time.
const SHARE: u32 = 10;
const FEW: usize = 8;
/// A page that is longer is not read to its end.
pub(super) const LONGEST: usize = 16 << 20;

/// What a look changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Another agent pushes the group, too.
    Conflict,
    /// It does so no longer.
    Over,
}

#[derive(Debug, Default)]
struct Group {
    weight: u8,
    conflict: bool,
    /// When the page was read for it last, in pushes.
    looked: u64,
    /// It was not looked at because of another that was: its turn comes first.
    owed: bool,
}

/// What is known of the groups that were pushed.
#[derive(Debug)]
pub(super) struct Rivals {
    mine: Pusher,
    groups: BTreeMap<GroupingKey, Group>,
    /// The gateway says who pushed before.
    says: bool,
    /// Bytes that a push may read on the average.
    each: usize,
    /// Bytes that may be read now.
    saved: usize,
    /// What the page cost last.
    cost: usize,
    pushes: u64,
    /// No push waits before.
    rest_until: Option<Instant>,
}

impl Rivals {
    pub(super) fn new(mine: Pusher, each: usize) -> Self {
        let (groups, saved) = (BTreeMap::new(), each.saturating_mul(SAVED));
        Self { mine, groups, says: false, each, saved, cost: 0, pushes: 0, rest_until: None }
    }

    /// So many bytes may be read on the average from now on.
    pub(super) fn alter(&mut self, each: usize) {
        if std::mem::replace(&mut self.each, each) != each {
            self.saved = each.saturating_mul(SAVED);
        }
    }

    /// Whether the gateway's page is to be read before this group is pushed.
    pub(super) fn wants_a_look(&mut self, key: &GroupingKey, now: Instant) -> bool {
        self.pushes += 1;
        self.saved = self.saved.saturating_add(self.each).min(self.each.saturating_mul(SAVED).max(LONGEST));
        if self.says || self.each == 0 {
            return false;
        }
        let (owing, eager) = (self.groups.values().any(|group| group.owed), self.is_eager(key));
        let (rests, few) = (self.rests(now) && !eager, self.groups.len() <= FEW);
        // Where not all can be looked at, it is the turn of the one that was not for the longest time.
        let oldest = self.groups.values().map(|group| group.looked).min();
        let Some(group) = self.groups.get_mut(key) else { return false };
        // One that always comes right after another would else never have its turn.
        let rests = rests && !(few && group.owed);
        group.owed |= rests;
        let cost = self.cost.max(1);
        let turn = oldest >= Some(group.looked) || self.saved / 8 >= cost;
        !rests && self.saved >= cost && turn && (group.owed || eager || !owing)
    }

    /// Whether a push of this group is to wait a little, since another agent may push it, too.
    pub(super) fn suspects(&self, key: &GroupingKey, now: Instant) -> bool {
        let suspected = self.groups.get(key).is_some_and(|group| group.weight > 0);
        suspected && (!self.rests(now) || self.is_eager(key))
    }

    /// Pushes waited for so long, up to now.
    pub(super) fn waited(&mut self, long: Duration, now: Instant) {
        self.rest_until = Some(now + long * SHARE);
    }

    /// Whether a second look at this group is worth more than the time: only while nothing is settled, and
    /// not for so many groups that they would wait for each other.
    fn is_eager(&self, key: &GroupingKey) -> bool {
        let open = |group: &Group| group.weight > 0 && !group.conflict;
        self.groups.get(key).is_some_and(open)
            && self.groups.values().filter(|group| open(group)).count() <= FEW
    }

    fn rests(&self, now: Instant) -> bool {
        self.rest_until.is_some_and(|until| now < until)
    }

    /// The page was read for this group, and says that it was pushed so.
    pub(super) fn looked(&mut self, key: &GroupingKey, bytes: usize, before: Option<f64>) -> Option<News> {
        self.cost = bytes;
        self.saved = self.saved.saturating_sub(bytes);
        let pushes = self.pushes;
        if let Some(group) = self.groups.get_mut(key) {
            group.looked = pushes;
            group.owed = false;
        }
        self.found(key, before)
    }

    /// The group was pushed; `before` is what our gateway says of the push before that.
    pub(super) fn pushed(&mut self, key: &GroupingKey, before: Option<&str>) -> Option<News> {
        self.says = before.is_some();
        let is_first = !self.groups.contains_key(key);
        self.groups.entry(key.clone()).or_default();
        let before = before.filter(|before| !is_first && !before.is_empty())?;
        // What is no number is none of ours, and as good as any other.
        self.found(key, Some(before.parse().unwrap_or(f64::INFINITY)))
    }

    fn found(&mut self, key: &GroupingKey, sign: Option<f64>) -> Option<News> {
        let mine = self.mine.sign(false);
        let is_foreign = sign.is_some_and(|sign| sign.abs().to_bits() != mine.to_bits());
        let leaves = sign.is_some_and(f64::is_sign_negative);
        let group = self.groups.get_mut(key)?;
        let before = group.conflict;
        if is_foreign {
            // Many that push once each, as jobs do, are found at the second of them.
            group.conflict |= !leaves || group.weight > 0;
            group.weight = (group.weight + FOUND).min(2 * FOUND);
        } else {
            group.weight = group.weight.saturating_sub(1);
            group.conflict &= group.weight > 0;
        }
        (group.conflict != before).then_some(if before { News::Over } else { News::Conflict })
    }

    /// How many groups others push, too.
    pub(super) fn conflicts(&self) -> usize {
        self.groups.values().filter(|group| group.conflict).count()
    }

    /// The group is not ours any more.
    pub(super) fn forget(&mut self, key: &GroupingKey) {
        self.groups.remove(key);
    }
}

#[cfg(test)]
mod tests;
