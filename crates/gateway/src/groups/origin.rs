//! The origin of counters: for a while a series that is new reads 0, so that `increase()` sees it rise.
//!
//! The text with the zeros is made at the push, and a scrape picks by the time: nothing sweeps. A series
//! is new where its group did not hold it before, so one that joins later begins at 0 as well, and one
//! that was shown never falls back to it.

mod kept;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use exposition::{GroupingKey, Kind};

pub use self::kept::KeptOrigin;
use super::{Change, Groups, Id};
use crate::families::Prepared;

/// Times at which zeros of one family may end. With more, those that join wait for the last one.
const WAVES: usize = 4;

/// What a family shows until all its series have had their time at 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin {
    /// Its lines until each of these times, earliest first.
    waves: Vec<(Instant, Bytes)>,
    /// The series that read 0, and until when.
    zeroed: HashMap<u64, Instant>,
}

impl Origin {
    /// The lines that are shown at this time, if they are not the family's own.
    pub fn lines(&self, now: Instant) -> Option<&Bytes> {
        self.waves.iter().find(|(until, _)| now < *until).map(|(_, lines)| lines)
    }

    /// When all values are shown.
    pub fn end(&self) -> Option<Instant> {
        self.waves.last().map(|(until, _)| *until)
    }

    /// Bytes of text that are held for it.
    pub fn bytes(&self) -> usize {
        self.waves.iter().map(|(_, lines)| lines.len()).sum()
    }

    /// Makes the zeros of a family whose series have these times.
    fn of(family: &Prepared, zeroed: HashMap<u64, Instant>) -> Self {
        let times: BTreeSet<Instant> = zeroed.values().copied().collect();
        let waves = times.into_iter().map(|until| {
            let mut lines = Vec::with_capacity(family.block.len());
            for (line, series) in samples(family) {
                let zero = zeroed.get(&series).is_some_and(|own| *own >= until);
                let shown = if zero { &line[..=line.rfind(' ').unwrap_or(0)] } else { line };
                lines.extend_from_slice(shown.as_bytes());
                lines.extend_from_slice(if zero { b"0\n" } else { b"\n" });
            }
            (until, lines.into())
        });
        Self { waves: waves.collect(), zeroed }
    }
}

/// What a group remembers of its origins.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tail {
    /// How long new counters read 0, by the last push that said so.
    origin: Duration,
    /// When all its values are shown: at its last push, or when the last zeros end.
    shown: Option<Instant>,
    /// It was deleted, and stays only until its last values were scraped.
    leaving: bool,
}

impl Groups {
    /// Puts the zeros of new series on the families of a push, before it replaces what is held.
    pub(super) fn begin_at_zero(
        &self,
        id: Id,
        families: &mut [Prepared],
        origin: Option<Duration>,
        now: Instant,
    ) -> Option<Instant> {
        let mut shown = None;
        for family in families {
            let before = self.held_of(id, &family.name).and_then(|held| held.extra.as_ref());
            let before = before.and_then(|extra| extra.origin.as_ref());
            let waiting = |series: &u64| before?.zeroed.get(series).copied().filter(|until| *until > now);
            if origin.is_none() && before.is_none() {
                continue;
            }
            let mut zeroed = HashMap::new();
            let mut new = Vec::new();
            for (_, series) in samples(family).filter(|(line, _)| counts(family, line)) {
                // Values that come before the first ones were shown read 0 until then, too.
                if let Some(until) = waiting(&series) {
                    zeroed.insert(series, until);
                } else if origin.is_some() && !self.shows(id, series) {
                    new.push(series);
                }
            }
            if let Some(until) = origin.filter(|_| !new.is_empty()).map(|origin| now + origin) {
                let times: BTreeSet<Instant> = zeroed.values().copied().collect();
                if let Some(last) = times.last().filter(|_| times.len() >= WAVES) {
                    zeroed.values_mut().filter(|own| **own == *last).for_each(|own| *own = until);
                }
                zeroed.extend(new.into_iter().map(|series| (series, until)));
            }
            if !zeroed.is_empty() {
                let origin = Origin::of(family, zeroed);
                shown = shown.max(origin.end());
                Arc::make_mut(family.extra.get_or_insert_default()).origin = Some(origin);
            }
        }
        shown
    }

    /// When a group ends: when its life is over, but not before its values were shown for as long as they
    /// read 0, or they would be lost.
    pub(super) fn ends(
        &mut self,
        id: Id,
        life: Option<Duration>,
        (origin, shown): (Option<Duration>, Option<Instant>),
        now: Instant,
    ) -> Option<Instant> {
        let end = life.map(|life| now + life);
        let tail = match origin {
            Some(origin) => {
                let tail = self.tails.entry(id).or_default();
                tail.origin = origin;
                tail
            }
            None => match self.tails.get_mut(&id) {
                Some(tail) => tail,
                None => return end,
            },
        };
        tail.shown = tail.shown.max(shown).max(Some(now));
        let seen = tail.seen();
        end.map(|end| seen.map_or(end, |seen| end.max(seen)))
    }

    /// Ends a group; one whose counters began at 0 stays until its last values were shown for as long.
    pub fn leave(&mut self, key: &GroupingKey, now: Instant) {
        let Some(id) = self.ids.get(key).copied() else { return };
        let seen = self.tails.get(&id).and_then(Tail::seen).filter(|seen| *seen > now);
        let Some(seen) = seen else {
            self.delete(key);
            return;
        };
        if let Some(tail) = self.tails.get_mut(&id) {
            tail.leaving = true;
        }
        let end = self.groups.get(&id).and_then(|group| group.expires);
        self.set_deadline(id, Some(end.map_or(seen, |end| end.min(seen))));
        self.note(|| Change::Touched(key.clone(), Some(Vec::new())));
    }

    /// Whether a group was deleted and is only waiting for a scrape: a push makes another one.
    pub(super) fn is_leaving(&self, id: Id) -> bool {
        self.tails.get(&id).is_some_and(|tail| tail.leaving)
    }

    fn shows(&self, id: Id, series: u64) -> bool {
        self.index.get(series) == Some(id)
    }
}

impl Tail {
    /// When the last values were shown for as long as new ones read 0.
    fn seen(&self) -> Option<Instant> {
        self.shown.map(|shown| shown + self.origin)
    }
}

/// Each line with what tells its series from others.
fn samples(family: &Prepared) -> impl Iterator<Item = (&str, u64)> {
    let lines = std::str::from_utf8(family.block.lines()).unwrap_or_default();
    lines.lines().zip(family.block.series())
}

/// Whether a line counts something: what is a gauge in all but its type does not begin at 0.
fn counts(family: &Prepared, line: &str) -> bool {
    let name = line.split(['{', ' ']).next().unwrap_or_default();
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    match family.kind {
        Kind::Counter | Kind::Histogram => true,
        // Not the quantiles.
        Kind::Summary => name != family.name,
        // Pushed by hand, without a TYPE line: the name is all that there is.
        Kind::Untyped => ends(&["_total", "_sum", "_count", "_bucket"]),
        _ => false,
    }
}
