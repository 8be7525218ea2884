//! What changed between two files of results, beyond noise.
//!
//! The rule, for each scenario, path, cohort and measure that both files have, of the medians over repeats:
//! a change is one that is larger than
//! 1. the spread over repeats: Student's t at 99.9 % times the pooled standard error of the difference,
//! 2. the figures' own errors over instances: 3.29 (99.9 %) times that of the difference,
//! 3. 1 % of the larger value, and of times that polls measure the 0.25 s between two polls,
//!
//! whichever is largest. Where neither 1 nor 2 is known (one repeat, no error), 3 is 10 %. Standard errors
//! are 1.25 times as large for medians of three and more repeats as for means. One figure in a thousand
//! passes by chance. Where all of both sides is censored, nothing can be said, and nothing is.

mod command;
mod context;
mod noise;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::measure::direction::Direction;
use super::results::{Figure, Results};

pub use self::command::{Arguments, command};
pub use self::context::Difference;
pub use self::noise::{Side, of as noise};

/// What differs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Diff {
    /// Settings, versions and machines that are not the same: then so are figures.
    pub context: Vec<Difference>,
    /// How many figures both files have.
    pub compared: usize,
    /// Those that changed: worse, better, then those of which neither is said; the largest change first.
    pub changed: Vec<Change>,
    /// What only the first file has: a whole scenario, a cell, or a figure of it.
    pub only_a: Vec<String>,
    /// What only the second file has.
    pub only_b: Vec<String>,
}

/// One figure that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Which figure.
    #[serde(flatten)]
    pub key: Key,
    /// What it was.
    pub a: Side,
    /// What it is.
    pub b: Side,
    /// How large a change noise alone may make.
    pub noise: f64,
    /// `better` or `worse`; none where the measure has no direction.
    pub verdict: Option<Verdict>,
}

/// Which figure of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Key {
    /// The scenario.
    pub scenario: String,
    /// The path.
    pub path: String,
    /// The cohort; empty for the whole scenario.
    pub cohort: String,
    /// The measure.
    pub measure: String,
}

/// Whether a change is for the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is not.
    Worse,
    /// It is.
    Better,
}

impl Diff {
    /// From the first to the second.
    pub fn of(a: &Results, b: &Results) -> Self {
        let (sides_a, sides_b) = (sides(a), sides(b));
        let both: Vec<_> =
            sides_a.iter().filter_map(|(key, side)| Some((key, side, sides_b.get(key)?))).collect();
        let mut changed: Vec<Change> =
            both.iter().filter_map(|(key, side_a, side_b)| change(key, side_a, side_b)).collect();
        changed.sort_by(|one, other| {
            let order = |change: &Change| match change.verdict {
                Some(Verdict::Worse) => 0,
                Some(Verdict::Better) => 1,
                None => 2,
            };
            order(one).cmp(&order(other)).then(other.beyond().total_cmp(&one.beyond()))
        });
        Self {
            context: context::differences(a, b),
            compared: both.len(),
            changed,
            only_a: only(&sides_a, &sides_b),
            only_b: only(&sides_b, &sides_a),
        }
    }

    /// Whether any figure changed or is in one file only. Other settings alone are no change.
    pub fn anything(&self) -> bool {
        !(self.changed.is_empty() && self.only_a.is_empty() && self.only_b.is_empty())
    }
}

impl Change {
    /// How many times as large as noise it is.
    fn beyond(&self) -> f64 {
        (self.b.median - self.a.median).abs() / self.noise.max(f64::MIN_POSITIVE)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { scenario, path, cohort, measure } = self;
        write!(f, "{scenario} {path}")?;
        if !cohort.is_empty() {
            write!(f, " {cohort}")?;
        }
        write!(f, " {measure}")
    }
}

fn change(key: &Key, a: &Side, b: &Side) -> Option<Change> {
    let noise = noise::of(&key.measure, a, b)?;
    ((b.median - a.median).abs() > noise).then(|| Change {
        key: key.clone(),
        a: a.clone(),
        b: b.clone(),
        noise,
        verdict: Direction::of(&key.measure)
            .and_then(|direction| direction.better(a.median, b.median))
            .map(|better| if better { Verdict::Better } else { Verdict::Worse }),
    })
}

/// All figures with a value, over their repeats.
fn sides(results: &Results) -> BTreeMap<Key, Side> {
    let mut figures: BTreeMap<Key, Vec<&Figure>> = BTreeMap::new();
    for run in &results.runs {
        for cell in &run.cells {
            for (measure, figure) in &cell.figures {
                let key = Key {
                    scenario: run.scenario.clone(),
                    path: cell.path.clone(),
                    cohort: cell.cohort.clone(),
                    measure: measure.clone(),
                };
                figures.entry(key).or_default().push(figure);
            }
        }
    }
    figures.into_iter().filter_map(|(key, figures)| Some((key, Side::of(&figures)?))).collect()
}

/// What the first has and the second has not, as wholes where all of it is missing.
fn only(one: &BTreeMap<Key, Side>, other: &BTreeMap<Key, Side>) -> Vec<String> {
    let scenarios: BTreeSet<_> = other.keys().map(|key| &key.scenario).collect();
    let cells: BTreeSet<_> = other.keys().map(|key| (&key.scenario, &key.path, &key.cohort)).collect();
    let missing = one.keys().filter(|key| !other.contains_key(*key)).map(|key| {
        if !scenarios.contains(&key.scenario) {
            key.scenario.clone()
        } else if !cells.contains(&(&key.scenario, &key.path, &key.cohort)) {
            format!("{} {} {}", key.scenario, key.path, key.cohort).trim_end().to_owned()
        } else {
            key.to_string()
        }
    });
    missing.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests;
