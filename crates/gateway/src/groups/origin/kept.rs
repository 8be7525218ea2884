//! Zeros over a restart: by the places of their series, since what tells series apart is another number in
//! each process, and by the wall's clock.

use std::time::{Duration, SystemTime};

use super::{Origin, Tail};
use crate::families::Prepared;
use crate::groups::Moment;

/// What a group remembers of its origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptOrigin {
    /// How long its new counters read 0.
    pub origin: Duration,
    /// When all its values are shown, or were.
    pub shown: Option<SystemTime>,
    /// Whether it was deleted, and stays only until its last values were scraped.
    pub leaving: bool,
}

impl Tail {
    pub(in crate::groups) fn keep(self, now: Moment) -> KeptOrigin {
        let Self { origin, shown, leaving } = self;
        KeptOrigin { origin, shown: shown.map(|shown| now.wall_at(shown)), leaving }
    }

    pub(in crate::groups) fn again(kept: KeptOrigin, now: Moment) -> Self {
        let KeptOrigin { origin, shown, leaving } = kept;
        // Where the wall's clock was set back, nothing takes longer than its push said.
        let shown = shown.map(|shown| now.steady_at(shown).min(now.steady + origin));
        Self { origin, shown, leaving }
    }
}

impl Origin {
    /// The places of the series that read 0, and until when.
    pub(in crate::groups) fn keep(
        &self,
        series: impl Iterator<Item = u64>,
        now: Moment,
    ) -> Vec<(u32, SystemTime)> {
        let zero = |(place, series)| {
            let until = self.zeroed.get(&series).filter(|until| **until > now.steady)?;
            Some((place, now.wall_at(*until)))
        };
        (0..).zip(series).filter_map(zero).collect()
    }

    /// The zeros of a family that is put in again, none of which lasts longer than `most` from now.
    pub(in crate::groups) fn again(
        family: &Prepared,
        zeros: &[(u32, SystemTime)],
        most: Duration,
        now: Moment,
    ) -> Option<Self> {
        let series: Vec<u64> = family.block.series().collect();
        let zero = |(place, until): &(u32, SystemTime)| {
            let until = now.steady_at(*until).min(now.steady + most);
            Some((*series.get(usize::try_from(*place).ok()?)?, until))
                .filter(|(_, until)| *until > now.steady)
        };
        let zeroed: std::collections::HashMap<_, _> = zeros.iter().filter_map(zero).collect();
        (!zeroed.is_empty()).then(|| Self::of(family, zeroed))
    }
}
