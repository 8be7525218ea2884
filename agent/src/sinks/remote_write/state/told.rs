//! How often receivers are told what a family means: HELP texts are longer than all of its samples.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use exposition::Family;

/// Beyond so many families the oldest are forgotten, and told once more.
const MOST: usize = 100_000;

/// When each family is due again. A hundred targets of one kind say the same: it is told once.
#[derive(Debug)]
pub(super) struct Told {
    every_ms: Option<i64>,
    hasher: RandomState,
    due: HashMap<u64, i64>,
}

impl Told {
    pub(super) fn each(every: Option<Duration>) -> Self {
        let every_ms = every.map(|every| i64::try_from(every.as_millis()).unwrap_or(i64::MAX));
        Self { every_ms, hasher: RandomState::new(), due: HashMap::new() }
    }

    /// When a page that is told now is to be told again: so long nobody has to look at each family.
    pub(super) fn again(&self, at: i64) -> i64 {
        self.every_ms.map_or(i64::MAX, |every| at.saturating_add(every))
    }

    /// Whether this family's help is to be sent now.
    pub(super) fn is_due(&mut self, family: &Family<'_>, at: i64) -> bool {
        let Some(every) = self.every_ms else { return false };
        let Some(help) = family.help() else { return false };
        let id = self.hasher.hash_one((family.name(), family.kind(), help));
        if self.due.get(&id).is_some_and(|due| *due > at) {
            return false;
        }
        if self.due.len() >= MOST {
            self.due.retain(|_, due| *due > at);
        }
        if self.due.len() >= MOST {
            self.due.clear();
        }
        self.due.insert(id, at.saturating_add(every));
        true
    }
}
