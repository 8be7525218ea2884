//! Pushes that may come twice: a client that got no answer sends again, and a sum would count both.

use std::collections::{HashSet, VecDeque};

use exposition::GroupingKey;

use super::{Groups, Id};

/// Keys that are remembered for each group; one that came longer ago is taken as new.
pub const REMEMBERED: usize = 4096;

/// Bytes that a key takes, and that those of a group take besides: they count in what is held.
const KEY: usize = 40;
const FIRST: usize = 160;

/// The keys of the last pushes of a group, as hashes that nobody can choose.
#[derive(Debug, Default)]
pub(super) struct Once {
    order: VecDeque<u64>,
    known: HashSet<u64>,
}

impl Groups {
    /// Whether a push with this key was taken before.
    pub fn was_taken(&self, group: &GroupingKey, once: u64) -> bool {
        let known = self.ids.get(group).and_then(|id| self.once.get(id));
        known.is_some_and(|known| known.known.contains(&once))
    }

    /// Bytes that remembering one more push of a group takes; none where an older one makes room.
    pub(super) fn once_bytes(&self, id: Option<Id>) -> usize {
        match id.and_then(|id| self.once.get(&id)) {
            None => FIRST + KEY,
            Some(known) if known.order.len() < REMEMBERED => KEY,
            Some(_) => 0,
        }
    }

    /// Remembers a push that was taken.
    pub(super) fn note_taken(&mut self, id: Id, once: u64) {
        let bytes = self.once_bytes(Some(id));
        let known = self.once.entry(id).or_default();
        if known.order.len() >= REMEMBERED
            && let Some(oldest) = known.order.pop_front()
        {
            known.known.remove(&oldest);
        }
        known.order.push_back(once);
        known.known.insert(once);
        self.snapshot.bytes += bytes;
        if let Some(group) = self.group_mut(id) {
            group.bytes += bytes;
        }
    }

    /// Forgets all of a group that ends.
    pub(super) fn forget_taken(&mut self, id: Id) {
        let Some(known) = self.once.remove(&id) else { return };
        let bytes = FIRST + KEY * known.order.len();
        self.snapshot.bytes = self.snapshot.bytes.saturating_sub(bytes);
    }
}
