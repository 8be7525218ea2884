//! Who has which group and which name: lists may name a target that another list or the settings name, too.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use exposition::GroupingKey;

/// What is taken by all sources; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Claims(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    keys: BTreeSet<GroupingKey>,
    names: BTreeSet<String>,
}

impl Claims {
    /// These are taken for good.
    pub fn new(keys: impl IntoIterator<Item = GroupingKey>, names: impl IntoIterator<Item = String>) -> Self {
        let taken = Taken { keys: keys.into_iter().collect(), names: names.into_iter().collect() };
        Self(Arc::new(Mutex::new(taken)))
    }

    /// Takes a group; the name that its source gets, or none where somebody has the group already.
    pub(super) fn take(&self, key: &GroupingKey, url: &str) -> Option<String> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !taken.keys.insert(key.clone()) {
            return None;
        }
        let name = if taken.names.contains(url) { format!("{url} as {key}") } else { url.to_owned() };
        taken.names.insert(name.clone());
        Some(name)
    }

    /// Gives both back.
    pub(super) fn release(&self, key: &GroupingKey, name: &str) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.keys.remove(key);
        taken.names.remove(name);
    }
}
