//! All runs of all files as one: for each figure its repeats, their median and their spread.

use std::collections::BTreeMap;

use super::source::Source;
use crate::compare::diff::Side;
use crate::compare::path::Path;
use crate::compare::results::{Cell, Expected, Figure, Line, Run};
use crate::compare::scenario::{Scenario, Times, full, quick, tiny};

/// Where a figure is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The scenario.
    pub scenario: String,
    /// The cohort; empty for the whole scenario.
    pub cohort: String,
    /// The measure.
    pub measure: String,
    /// The way.
    pub path: String,
}

/// One figure over its repeats.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Median, errors, whether it is censored.
    pub side: Side,
    /// The smallest of the repeats.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// Of how many instances, events or rounds, all repeats together.
    pub n: u64,
    /// How many of them had not ended.
    pub censored: u64,
    /// The 95 % interval of the only repeat; none where there are more.
    pub interval: Option<[f64; 2]>,
    /// What theory says: the widest of the repeats.
    pub expected: Option<Expected>,
    /// How many repeats are within what theory says of them, and how many have a theory.
    pub within: (usize, usize),
}

/// The CPU of agents, gateway and Prometheus together.
pub const CPU: &str = "cpu_together_seconds_per_minute";

/// All figures.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    figures: BTreeMap<Key, Spread>,
    runs: Vec<Run>,
    scenarios: Vec<Scenario>,
    times: Option<Times>,
}

impl Pool {
    /// Of all files.
    pub fn of(sources: &[Source]) -> Self {
        let mut all: BTreeMap<Key, Vec<Figure>> = BTreeMap::new();
        let runs = sources.iter().flat_map(|source| &source.results.runs);
        for run in runs.clone() {
            for cell in &run.cells {
                for (measure, figure) in cell.figures.clone().into_iter().chain(summed(cell)) {
                    let key = Key {
                        scenario: run.scenario.clone(),
                        cohort: cell.cohort.clone(),
                        measure,
                        path: cell.path.clone(),
                    };
                    all.entry(key).or_default().push(figure);
                }
            }
        }
        let figures = all
            .into_iter()
            .filter_map(|(key, figures)| Some((key, spread(&figures.iter().collect::<Vec<_>>())?)))
            .collect();
        let compared = sources.iter().find(|source| source.results.command == "compare");
        let is = |name: &str| {
            compared.and_then(|source| source.results.settings.get(name)).is_some_and(|set| set == "true")
        };
        let (times, scenarios) = match (is("quick"), is("tiny")) {
            (_, true) => tiny(),
            (true, _) => quick(),
            _ => full(),
        };
        let times = compared.map(|source| {
            let set = |name: &str, usual: f64| {
                source.results.settings.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual)
            };
            Times {
                scrape: set("scrape_interval_seconds", times.scrape),
                push: set("push_interval_seconds", times.push),
                lookback: set("lookback_seconds", times.lookback),
                lifetime: set("group_lifetime_seconds", times.lifetime),
                rate: set("events_per_second", times.rate),
            }
        });
        Self { figures, runs: runs.cloned().collect(), scenarios, times }
    }

    /// The intervals of the comparison; none where it was not made.
    pub fn times(&self) -> Option<Times> {
        self.times
    }

    /// All scenarios of the comparison, in the report's order, then what only the files know.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// Names of scenarios in the files that begin so, in the order of the files.
    pub fn named(&self, prefix: &str) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for run in &self.runs {
            if run.scenario.starts_with(prefix) && !names.contains(&run.scenario.as_str()) {
                names.push(&run.scenario);
            }
        }
        names
    }

    /// The runs of a scenario.
    pub fn runs(&self, scenario: &str) -> Vec<&Run> {
        self.runs.iter().filter(|run| run.scenario == scenario).collect()
    }

    /// One figure.
    pub fn get(&self, scenario: &str, cohort: &str, measure: &str, path: &str) -> Option<&Spread> {
        self.figures.get(&Key {
            scenario: scenario.to_owned(),
            cohort: cohort.to_owned(),
            measure: measure.to_owned(),
            path: path.to_owned(),
        })
    }

    /// All figures of a scenario.
    pub fn all(&self, scenario: &str) -> impl Iterator<Item = (&Key, &Spread)> {
        self.figures.iter().filter(move |(key, _)| key.scenario == scenario)
    }

    /// The ways that a scenario has figures of, in the report's order, unknown ones last.
    pub fn paths(&self, scenario: &str) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for (key, _) in self.all(scenario) {
            if !paths.contains(&key.path) {
                paths.push(key.path.clone());
            }
        }
        let place = |path: &String| Path::ALL.iter().position(|known| known.name() == path).unwrap_or(99);
        paths.sort_by_key(|path| (place(path), path.clone()));
        paths
    }

    /// The cohorts of a scenario in the order in which its first run tells them; costs' empty one is left out.
    pub fn cohorts(&self, scenario: &str) -> Vec<String> {
        let mut cohorts: Vec<String> = Vec::new();
        for cell in self.runs(scenario).iter().flat_map(|run| &run.cells) {
            if !cell.cohort.is_empty() && !cohorts.contains(&cell.cohort) {
                cohorts.push(cell.cohort.clone());
            }
        }
        cohorts
    }

    /// The lines of the first repeat that has some.
    pub fn lines(&self, scenario: &str) -> &[Line] {
        let with = self.runs.iter().find(|run| run.scenario == scenario && !run.lines.is_empty());
        with.map_or(&[], |run| &run.lines)
    }
}

/// The CPU of all that a way needs beside the API, in one figure: the only one that the report computes.
fn summed(cell: &Cell) -> Option<(String, Figure)> {
    let cpu = |(name, figure): (&String, &Figure)| {
        let counted = name.starts_with("cpu_") && name.ends_with("_seconds_per_minute");
        counted.then_some(figure.value).flatten()
    };
    let parts: Vec<f64> = cell.figures.iter().filter_map(cpu).collect();
    let known = Path::ALL.iter().any(|path| path.name() == cell.path);
    let figure = Figure { value: Some(parts.iter().sum()), n: 1, ..Figure::default() };
    (known && !parts.is_empty()).then(|| (CPU.to_owned(), figure))
}

fn spread(figures: &[&Figure]) -> Option<Spread> {
    let side = Side::of(figures)?;
    let with: Vec<&&Figure> = figures.iter().filter(|figure| figure.value.is_some()).collect();
    let values = || with.iter().filter_map(|figure| figure.value);
    let judged: Vec<bool> = with
        .iter()
        .filter_map(|figure| {
            let expected = figure.expected?;
            Some((expected.least..=expected.most).contains(&figure.value?))
        })
        .collect();
    let expected = with
        .iter()
        .filter_map(|figure| figure.expected)
        .reduce(|one, other| Expected { least: one.least.min(other.least), most: one.most.max(other.most) });
    Some(Spread {
        least: values().fold(f64::INFINITY, f64::min),
        most: values().fold(f64::NEG_INFINITY, f64::max),
        n: with.iter().map(|figure| figure.n).sum(),
        censored: with.iter().map(|figure| figure.censored).sum(),
        interval: if with.len() == 1 { with[0].interval } else { None },
        expected,
        within: (judged.iter().filter(|within| **within).count(), judged.len()),
        side,
    })
}
