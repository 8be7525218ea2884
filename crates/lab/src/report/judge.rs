//! Which of two ways is better, or neither.
//!
//! All ways watch the same instances in each repeat. Where there are several, one way is better where it is
//! so in every repeat, whichever of the other's it is put beside, by more than twice the standard error over
//! instances (95 %) and by more than polls can tell. Of a single repeat the rule is that of `pushpull-lab diff`.

use super::pool::{Pool, Spread};
use crate::compare::diff::noise;
use crate::compare::measure::direction::Direction;

/// Between two polls.
const POLL_SECONDS: f64 = 0.25;

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The scenario.
    pub scenario: String,
    /// The cohort; empty for the whole scenario.
    pub cohort: String,
    /// The measure.
    pub measure: String,
}

/// How one is beside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// The first is better.
    Better,
    /// It is worse.
    Worse,
    /// They differ by no more than noise.
    Alike,
}

impl Measured {
    /// In short.
    pub fn new(scenario: &str, cohort: &str, measure: &str) -> Self {
        Self { scenario: scenario.to_owned(), cohort: cohort.to_owned(), measure: measure.to_owned() }
    }

    /// Its figure by one way.
    pub fn by<'a>(&self, pool: &'a Pool, path: &str) -> Option<&'a Spread> {
        pool.get(&self.scenario, &self.cohort, &self.measure, path)
    }

    /// The first way beside the second; none where one has no figure or nothing can be said.
    pub fn beside(&self, pool: &Pool, one: &str, other: &str) -> Option<Beside> {
        beside(&self.measure, self.by(pool, one)?, self.by(pool, other)?)
    }
}

/// The first beside the second.
pub fn beside(measure: &str, one: &Spread, other: &Spread) -> Option<Beside> {
    let noise = noise(measure, &one.side, &other.side)?;
    let alike = if one.side.repeats > 1 && other.side.repeats > 1 {
        let apart = one.least > other.most || other.least > one.most;
        !apart || (one.side.median - other.side.median).abs() <= error(measure, one, other)
    } else {
        (one.side.median - other.side.median).abs() <= noise
    };
    let (one, other) = (one.side.median, other.side.median);
    if alike {
        return Some(Beside::Alike);
    }
    let better = direction(measure)?.better(other, one)?;
    Some(if better { Beside::Better } else { Beside::Worse })
}

/// What chance among instances makes of the difference of two medians, 95 %, and what polls cannot tell.
fn error(measure: &str, one: &Spread, other: &Spread) -> f64 {
    let own = |spread: &Spread| spread.side.error.unwrap_or(0.0);
    let polled = ["freshness_", "ghost_", "detection_"].iter().any(|family| measure.starts_with(family));
    (1.96 * own(one).hypot(own(other))).max(if polled { POLL_SECONDS } else { 0.0 })
}

/// As `diff` has it, and for the measures of load, which it does not know.
fn direction(measure: &str) -> Option<Direction> {
    Direction::of(measure).or_else(|| {
        if measure.starts_with("latency_") {
            Some(Direction::Less)
        } else if measure == "success_ratio" || measure == "achieved_rate" {
            Some(Direction::More)
        } else {
            None
        }
    })
}

/// Those ways that no other beats in this measure; ways without a figure are out.
pub fn unbeaten<'a>(pool: &Pool, measured: &Measured, paths: &[&'a str]) -> Vec<&'a str> {
    let with: Vec<&str> = paths.iter().copied().filter(|path| measured.by(pool, path).is_some()).collect();
    with.iter()
        .copied()
        .filter(|one| with.iter().all(|other| measured.beside(pool, one, other) != Some(Beside::Worse)))
        .collect()
}
