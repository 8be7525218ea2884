//! Who has which group and which name: lists may name a target that another list or the settings name, too.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exposition::GroupingKey;

/// What is taken by all sources; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Claims(Arc<Mutex<All>>);

#[derive(Debug, Default)]
struct All {
    /// By the settings, for as long as they hold.
    settled: Taken,
    /// By entries of lists.
    listed: Taken,
}

#[derive(Debug, Default)]
struct Taken {
    keys: BTreeSet<GroupingKey>,
    names: BTreeSet<String>,
}

impl Claims {
    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The settings have these, and no others any more.
    pub fn settle(
        &self,
        keys: impl IntoIterator<Item = GroupingKey>,
        names: impl IntoIterator<Item = String>,
    ) {
        self.lock().settled = Taken { keys: keys.into_iter().collect(), names: names.into_iter().collect() };
    }

    /// Whether the settings have this group, and this name.
    pub(super) fn settled(&self, key: &GroupingKey, name: &str) -> (bool, bool) {
        let All { settled, .. } = &*self.lock();
        (settled.keys.contains(key), settled.names.contains(name))
    }

    /// Takes a group; the name that its source gets, or none where somebody has the group already.
    pub(super) fn take(&self, key: &GroupingKey, url: &str) -> Option<String> {
        let All { settled, listed } = &mut *self.lock();
        if settled.keys.contains(key) || !listed.keys.insert(key.clone()) {
            return None;
        }
        let is_taken = settled.names.contains(url) || listed.names.contains(url);
        let name = if is_taken { format!("{url} as {key}") } else { url.to_owned() };
        listed.names.insert(name.clone());
        Some(name)
    }

    /// Gives both back.
    pub(super) fn release(&self, key: &GroupingKey, name: &str) {
        let All { listed, .. } = &mut *self.lock();
        listed.keys.remove(key);
        listed.names.remove(name);
    }
}
