//! Pushes that may come twice: a client that got no answer sends again, and a sum would count both.

use std::collections::{HashSet, VecDeque};

use exposition::GroupingKey;

use super::Groups;

/// Keys that are remembered for each group; one that came longer ago is taken as new.
pub const REMEMBERED: usize = 4096;

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

    /// Remembers a push that was taken.
    pub fn note_taken(&mut self, group: &GroupingKey, once: u64) {
        let Some(id) = self.ids.get(group) else { return };
        let known = self.once.entry(*id).or_default();
        if known.order.len() >= REMEMBERED
            && let Some(oldest) = known.order.pop_front()
        {
            known.known.remove(&oldest);
        }
        known.order.push_back(once);
        known.known.insert(once);
    }
}
