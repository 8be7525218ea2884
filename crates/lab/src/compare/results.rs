//! What is kept of all that the lab measures: one JSON format, `pushpull-results/1`.
//!
//! A file holds runs; a run is one repeat of one scenario on one machine; a cell is one way under one
//! cohort of it; a figure is one measure of a cell. Durations are seconds, sizes bytes, shares 0 to 1,
//! as the name of a measure says (`freshness_p50_seconds`, `capture_ratio`). Times are RFC 3339 in UTC.
//!
//! - [`Results::read`] and [`Results::write`] are in `results/file.rs`

mod file;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The format that this version writes and reads.
pub const FORMAT: &str = "pushpull-results/1";

/// A file of results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`FORMAT`].
    pub format: String,
    /// Which command made it: `compare`, `overhead`, `article`.
    pub command: String,
    /// When the first run began.
    pub made: String,
    /// Where.
    pub machine: Machine,
    /// Versions of all programs that took part, by name.
    pub versions: BTreeMap<String, String>,
    /// What was set, by name, as text: intervals, rates, whether quick.
    pub settings: BTreeMap<String, String>,
    /// The seed that all random choices come from.
    pub seed: u64,
    /// All runs, in the order in which they ended.
    pub runs: Vec<Run>,
}

/// The machine, as far as it explains figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model.
    pub processor: String,
    /// How many of it.
    pub cores: u32,
    /// Memory.
    pub memory_bytes: u64,
    /// Kernel and its version.
    pub kernel: String,
    /// The distribution.
    pub system: String,
}

/// One repeat of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The scenario's name; those of other commands have a prefix: `overhead/api`, `article/baseline`.
    pub scenario: String,
    /// From 1.
    pub repeat: u32,
    /// This run's own seed.
    pub seed: u64,
    /// When it began.
    pub began: String,
    /// How long it took.
    pub seconds: f64,
    /// The machine's load over the last minute, at the run's begin and end.
    pub load_average: [f64; 2],
    /// Why it was not run; then it has no cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// What a reader has to know, such as a rate that was asked for and not reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was measured.
    pub cells: Vec<Cell>,
    /// What is drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

/// One way under one cohort.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The way's name, or what else was compared: `api`, `fastapi`.
    pub path: String,
    /// The cohort's name; empty for the whole scenario.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cohort: String,
    /// Measures by name; each file of [`super::measure`] tells its own.
    pub figures: BTreeMap<String, Figure>,
}

/// One measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its value; none where there was nothing to measure.
    pub value: Option<f64>,
    /// Of how many: instances, events, rounds.
    pub n: u64,
    /// Standard error of the value over those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
    /// A 95 % confidence interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// How many of `n` had not ended when the run did: the value is at least this.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub censored: u64,
    /// What theory says, and how far a measured value may be from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

/// What theory says of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// A line over time, for a plot: seconds since the scenario began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// `counter` (all instances together, as polled), `rate` (as `rate()` shows it afterwards), `truth`.
    pub what: String,
    /// The way's name; empty for the truth.
    pub path: String,
    /// Time and value.
    pub points: Vec<(f64, f64)>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
