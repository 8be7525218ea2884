//! Which gateways hold which groups: those that stay behind at another are deleted there.

use std::collections::{BTreeMap, BTreeSet};

use exposition::GroupingKey;

/// Gateways by number, and the groups that each took.
#[derive(Debug, Default)]
pub(super) struct Held(BTreeMap<GroupingKey, BTreeSet<usize>>);

impl Held {
    /// A gateway took a group.
    pub(super) fn by(&mut self, key: &GroupingKey, at: usize) {
        self.0.entry(key.clone()).or_default().insert(at);
    }

    /// The gateways after this one that hold a group; they are asked once, and not known to hold it any
    /// more. Those before it are away, or it would not be pushed to.
    pub(super) fn behind(&mut self, key: &GroupingKey, at: usize) -> BTreeSet<usize> {
        self.0.get_mut(key).map(|holders| holders.split_off(&(at + 1))).unwrap_or_default()
    }

    /// One cannot be reached: what it holds ends by itself, if at all.
    pub(super) fn lost(&mut self, at: usize) {
        for holders in self.0.values_mut() {
            holders.remove(&at);
        }
    }

    /// A group is not ours any more.
    pub(super) fn gone(&mut self, key: &GroupingKey) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_behind_is_known_once() {
        let (key, mut held) = ("job/j".parse().unwrap(), Held::default());
        held.by(&key, 0);
        held.by(&key, 1);
        assert_eq!(held.behind(&key, 1), BTreeSet::new());
        assert_eq!(held.behind(&key, 0), BTreeSet::from([1]));
        assert!(held.behind(&key, 0).is_empty());
        held.by(&key, 2);
        held.lost(2);
        assert!(held.behind(&key, 0).is_empty());
        held.gone(&key);
        assert!(held.0.is_empty());
    }
}
