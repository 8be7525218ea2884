//! The last good page of a source, for when its last reading fails: an app is often gone before its agent.
//!
//! A failed reading replaces the group, so that dead values do not live on. At the end that would
//! take values away that Prometheus may not have come for yet; nothing comes after them, so they stay,
//! beside an `up 0` that says so.

use std::sync::{Arc, Mutex, PoisonError};

use crate::snapshot::Snapshot;

/// What is kept of one source.
#[derive(Debug, Default)]
pub(super) struct Keep {
    good: Mutex<Option<Arc<Snapshot>>>,
}

impl Keep {
    /// The snapshot as it is to be sent: with the last good values where it has none and they are to stay.
    pub(super) fn on(&self, snapshot: Snapshot, stay: bool) -> Arc<Snapshot> {
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        // What an app left on its way out is newer than all that was scraped.
        let brings = snapshot.pages.iter().skip(1).any(|page| page.sample_count() > 0);
        if snapshot.up || brings {
            let snapshot = Arc::new(snapshot);
            *good = Some(Arc::clone(&snapshot));
            return snapshot;
        }
        if !stay {
            // The group is replaced now: what was there before must not come back later.
            *good = None;
        }
        Arc::new(snapshot.with_values_of(good.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use exposition::{Limits, Page};

    use super::*;

    fn snapshot(up: bool, pages: &[&str]) -> Snapshot {
        let page = |text: &&str| Page::parse((*text).to_owned(), &Limits::default());
        let pages = pages.iter().map(|text| page(text).unwrap()).collect();
        let key = "job/a".parse().unwrap();
        Snapshot { up, ..Snapshot::new("a", key, SystemTime::now(), pages) }
    }

    fn said(snapshot: &Snapshot) -> String {
        snapshot.written(0).iter().map(|page| page.text()).collect()
    }

    #[test]
    fn a_failure_at_the_end_keeps_the_values_before_it() {
        let keep = Keep::default();
        keep.on(snapshot(true, &["up 1\n", "c 7\n"]), false);
        assert_eq!(said(&keep.on(snapshot(false, &["up 0\n"]), true)), "up 0\nc 7\n");
    }

    #[test]
    fn what_comes_with_a_failure_is_newer_than_what_came_before_it() {
        let keep = Keep::default();
        keep.on(snapshot(true, &["up 1\n", "c 7\nd 1\n"]), false);
        assert_eq!(said(&keep.on(snapshot(false, &["up 0\n", "c 9\n"]), true)), "up 0\nc 9\n");
        assert_eq!(said(&keep.on(snapshot(false, &["up 0\n"]), true)), "up 0\nc 9\n");
    }

    #[test]
    fn a_failure_before_the_end_takes_them_away_for_good() {
        let keep = Keep::default();
        keep.on(snapshot(true, &["up 1\n", "c 7\n"]), false);
        assert_eq!(said(&keep.on(snapshot(false, &["up 0\n"]), false)), "up 0\n");
        assert_eq!(said(&keep.on(snapshot(false, &["up 0\n"]), true)), "up 0\n");
    }
}
