//! The command line of `article`, and how long what it asks for takes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::apps::App;
use super::loads::Load;
use crate::load::scenario::{SCENARIOS, Scenario};

/// One thing that is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// One of the article's four.
    Scenario(Scenario),
    /// Several instances at once.
    Instances,
}

impl Item {
    /// Its name in results.
    pub fn name(self) -> String {
        match self {
            Self::Scenario(scenario) => format!("article/{}", scenario.name),
            Self::Instances => "article/instances".to_owned(),
        }
    }

    fn named(name: &str) -> Result<Self, String> {
        if name == "instances" {
            return Ok(Self::Instances);
        }
        Scenario::named(name).map(Self::Scenario).map_err(|error| format!("{error}, or instances"))
    }
}

/// What can be asked for.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The share of each scenario's time to run; 1 is as long as in the article, more than four hours in all.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0025, value_parser = scale)]
    pub scale: f64,
    /// But each load at least so long, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = least)]
    pub least: f64,
    /// Only these: baseline, moderate, high, endurance, instances.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = Item::named)]
    pub scenario: Vec<Item>,
    /// Requests a second to each of several instances.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rate: u32,
    /// How many instances at once, one number after the other.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2, 4], value_parser = clap::value_parser!(u16).range(1..=64))]
    pub count: Vec<u16>,
    /// Print the results as JSON (`pushpull-results/1`), and nothing else on standard output.
    #[arg(long)]
    pub json: bool,
    /// Write the results there, too.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

impl Arguments {
    /// What is asked for, each once.
    pub fn items(&self) -> Vec<Item> {
        let all = SCENARIOS.into_iter().map(Item::Scenario).chain([Item::Instances]);
        all.filter(|item| self.scenario.is_empty() || self.scenario.contains(item)).collect()
    }

    /// How long one load takes; never longer than in the article.
    pub fn duration(&self, scenario: Scenario) -> Duration {
        let least = Duration::from_secs_f64(self.least);
        scenario.duration(self.scale).max(least).min(scenario.duration(1.0))
    }

    /// How long several instances are loaded.
    pub fn together(&self) -> Duration {
        Duration::from_secs_f64(self.least)
    }

    /// How long an item takes.
    pub fn seconds(&self, item: Item) -> Duration {
        let apps = u32::try_from(App::ALL.len()).unwrap_or(1);
        match item {
            Item::Scenario(scenario) => {
                let loads = u32::try_from(Load::ALL.len()).unwrap_or(1);
                START + (self.duration(scenario) + LAST_ANSWER) * apps * loads
            }
            Item::Instances => {
                let steps = u32::try_from(self.count.len()).unwrap_or(1);
                (self.together() + START + LAST_ANSWER) * apps * steps
            }
        }
    }

    /// What is said first.
    pub fn heading(&self) -> String {
        let items = self.items();
        let time: Duration = items.iter().map(|item| self.seconds(*item)).sum();
        let lines = items.iter().map(|item| match item {
            Item::Scenario(scenario) => {
                let run = self.duration(*scenario).as_secs_f64();
                let whole = scenario.duration(1.0).as_secs_f64();
                let short =
                    if run < whole { format!(", shortened from {whole:.0} s") } else { String::new() };
                format!("  {scenario}: {run:.1} s for each load{short}\n")
            }
            Item::Instances => format!(
                "  instances: {:?} at once, {}/s to each, {:.1} s\n",
                self.count,
                self.rate,
                self.together().as_secs_f64()
            ),
        });
        format!(
            "The article's results, done again on its app and on our API:\n{}\
             It takes about {} s. Ctrl-C gives what was measured until then.",
            lines.collect::<String>(),
            time.as_secs()
        )
    }

    /// For the results.
    pub fn settings(&self) -> BTreeMap<String, String> {
        [
            ("scale", self.scale.to_string()),
            ("least_seconds", self.least.to_string()),
            ("rate_each_instance", self.rate.to_string()),
            ("build", if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// Processes start.
const START: Duration = Duration::from_secs(3);
/// The work's longest.
const LAST_ANSWER: Duration = Duration::from_millis(500);

fn scale(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(scale) if scale > 0.0 && scale <= 1.0 => Ok(scale),
        _ => Err("expected a share above 0 and up to 1".to_owned()),
    }
}

fn least(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.5..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected seconds from 0.5 to 3600".to_owned()),
    }
}
