//! The command line of `compare`, and what it means.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::Args;

use super::scenario::{Scenario, Times, full, quick, tiny};

/// The seed where none is given: the same command measures the same schedule.
const SEED: u64 = 20_260_101;

/// What can be asked for.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Arguments {
    /// Intervals of 1 s in place of 5 s, shorter lives, one repeat: under three minutes.
    #[arg(long)]
    pub quick: bool,
    /// Hardly anything, for tests of this command.
    #[arg(long, hide = true, requires = "quick")]
    pub tiny: bool,
    /// Only these scenarios; --list shows all.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub scenario: Vec<String>,
    /// How often each is run: 3, with --quick 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub repeat: Option<u32>,
    /// What all random choices come from.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Goes on with this file: runs what is missing in it, and writes it there.
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    pub resume: Option<PathBuf>,
    /// Where results are kept; written after each run.
    #[arg(long, value_name = "FILE", default_value = "var/lab/compare.json")]
    pub out: PathBuf,
    /// Replace the file where it is there already.
    #[arg(long, conflicts_with = "resume")]
    pub force: bool,
    /// How many scenarios run at once, of those that do not need the machine for themselves.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16))]
    pub lanes: Option<u32>,
    /// Show all scenarios with what they answer, and exit.
    #[arg(long)]
    pub list: bool,
    /// Where the children's lines go, one file a run; else they are kept only while a run lasts.
    #[arg(long, value_name = "DIR")]
    pub logs: Option<PathBuf>,
}

/// What it means, with a file to go on with or without.
#[derive(Debug, Clone)]
pub struct Meant {
    /// Whether intervals are short.
    pub quick: bool,
    /// Whether hardly anything is run.
    pub tiny: bool,
    /// The intervals.
    pub times: Times,
    /// What is run.
    pub scenarios: Vec<Scenario>,
    /// How often.
    pub repeat: u32,
    /// What all random choices come from.
    pub seed: u64,
}

impl Meant {
    /// Takes each from the arguments, else from what the file to go on with was made with, else the usual.
    ///
    /// # Errors
    ///
    /// Where a scenario is not known.
    pub fn new(arguments: &Arguments, before: Option<&Self>) -> anyhow::Result<Self> {
        let quick = arguments.quick || before.is_some_and(|before| before.quick);
        let tiny = arguments.tiny || before.is_some_and(|before| before.tiny);
        let (times, all) = all(quick, tiny);
        let scenarios = match before {
            Some(before) if arguments.scenario.is_empty() => before.scenarios.clone(),
            _ => named(all, &arguments.scenario)?,
        };
        let usual = if quick { 1 } else { 3 };
        let repeat = arguments.repeat.or(before.map(|before| before.repeat)).unwrap_or(usual);
        let seed = arguments.seed.or(before.map(|before| before.seed)).unwrap_or(SEED);
        Ok(Self { quick, tiny, times, scenarios, repeat, seed })
    }
}

/// All scenarios of a size, with their intervals.
pub fn all(short: bool, least: bool) -> (Times, Vec<Scenario>) {
    match (short, least) {
        (_, true) => tiny(),
        (true, false) => quick(),
        (false, false) => full(),
    }
}

/// Those of these names, in the list's order; all where none is named.
pub fn named(all: Vec<Scenario>, names: &[String]) -> anyhow::Result<Vec<Scenario>> {
    let known: Vec<&str> = all.iter().map(|scenario| scenario.name).collect();
    let unknown: Vec<&str> = names.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
    if !unknown.is_empty() {
        bail!("no scenario `{}`: expected some of {}", unknown.join("`, `"), known.join(", "));
    }
    let chosen: Vec<Scenario> = all
        .into_iter()
        .filter(|scenario| names.is_empty() || names.iter().any(|name| name == scenario.name))
        .collect();
    ensure!(!chosen.is_empty(), "there is no scenario to run");
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_that_is_not_known_is_named_beside_all_that_are() {
        let error = named(quick().1, &["nat".to_owned(), "burts".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("no scenario `burts`: expected some of steady, lifetimes, "), "{error}");
        let chosen = named(quick().1, &["burst".to_owned(), "steady".to_owned()]).unwrap();
        assert_eq!(chosen.iter().map(|scenario| scenario.name).collect::<Vec<_>>(), ["steady", "burst"]);
        assert_eq!(named(full().1, &[]).unwrap().len(), full().1.len());
    }
}
