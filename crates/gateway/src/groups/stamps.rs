//! When a group's family was pushed: for the first time, and last.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Groups, Id};
use crate::families::Prepared;

/// Both in Unix milliseconds, 0 where nobody knows: each family that is held pays for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamps {
    first: u64,
    last: u64,
}

impl Stamps {
    /// Pushed for the first time.
    pub fn new(now: SystemTime) -> Self {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = u64::try_from(since).unwrap_or_default();
        Self { first: now, last: now }
    }

    /// As they were kept.
    pub fn kept(first: Option<SystemTime>, last: Option<SystemTime>) -> Self {
        let stamp = |time: Option<SystemTime>| time.map_or(0, |time| Self::new(time).first);
        Self { first: stamp(first), last: stamp(last) }
    }

    /// Since when the family has been there all the time, with the type that it has.
    pub fn first(self) -> Option<SystemTime> {
        time(self.first)
    }

    /// When it was last pushed.
    pub fn last(self) -> Option<SystemTime> {
        time(self.last)
    }
}

fn time(stamp: u64) -> Option<SystemTime> {
    (stamp > 0).then(|| UNIX_EPOCH + Duration::from_millis(stamp))
}

impl Groups {
    /// The stamps that these families get; to be asked before they replace what is there.
    pub(super) fn stamps(&self, id: Id, families: &[Prepared], now: SystemTime) -> Vec<Stamps> {
        let now = Stamps::new(now);
        let one = |family: &Prepared| {
            let same = self.kind_of(&family.name) == Some(family.kind);
            let before = self.held_of(id, &family.name).filter(|_| same).map(|held| held.stamps.first);
            Stamps { first: before.filter(|first| *first > 0).unwrap_or(now.first), ..now }
        };
        families.iter().map(one).collect()
    }
}
