//! Which of two ways is better: beyond noise, by the rule of `pushpull-lab diff`, or neither.

use super::pool::{Pool, Spread};
use crate::compare::diff::noise;
use crate::compare::measure::direction::Direction;

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
    let (one, other) = (one.side.median, other.side.median);
    if (one - other).abs() <= noise {
        return Some(Beside::Alike);
    }
    let better = direction(measure)?.better(other, one)?;
    Some(if better { Beside::Better } else { Beside::Worse })
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
