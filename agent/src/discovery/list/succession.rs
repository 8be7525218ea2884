//! How a list follows another when the settings change, and what it then has no more.

use super::List;
use crate::pipeline::{Change, Leaving};

impl List {
    /// What another read last is what holds until this one could read.
    pub(in crate::discovery) fn take_over(&mut self, other: &Self) {
        other.release();
        self.good.clone_from(&other.good);
    }

    /// Counts nothing any more of a list that is not read.
    pub(in crate::discovery) fn forget(&self) {
        self.release();
        self.stats.forget(&self.shown);
    }

    fn release(&self) {
        for (found, name) in &self.known {
            self.claims.release(&found.key, name);
        }
    }

    /// Sources whose group or name the settings now give to another.
    pub(in crate::discovery) fn give_way(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        self.known.retain(|found, name| {
            let (key, called) = self.claims.settled(&found.key, name);
            if key || called {
                self.claims.release(&found.key, name);
                // The next look finds the group again, if it is nobody's, under another name.
                changes.push(Change::Leave(name.clone(), Leaving { ends: false, forgets: !called }));
            }
            !(key || called)
        });
        changes
    }
}
