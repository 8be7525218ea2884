//! The command line of `overhead`, and how long what it asks for takes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::START;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Our API with instruments and without.
    Api,
    /// Our API alone, and with an agent beside it.
    Agent,
    /// The article's app with instruments and without.
    Fastapi,
}

impl Part {
    /// All, in the order in which they run.
    pub const ALL: [Self; 3] = [Self::Api, Self::Fastapi, Self::Agent];

    /// Its name in results.
    pub const fn scenario(self) -> &'static str {
        match self {
            Self::Api => "overhead/api",
            Self::Agent => "overhead/agent",
            Self::Fastapi => "overhead/fastapi",
        }
    }
}

/// What can be asked for.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Rounds without simulated work; with it, and beside an agent, three fifths of them.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Only these parts.
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub part: Vec<Part>,
    /// The agent's intervals, in whole seconds.
    #[arg(long, value_name = "SECONDS", value_delimiter = ',', default_values_t = [1, 15], value_parser = clap::value_parser!(u64).range(1..=300))]
    pub interval: Vec<u64>,
    /// Requests a second with simulated work, and beside an agent: the article's highest rate.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
    /// Print the results as JSON (docs: `pushpull-results/1`), and nothing else on standard output.
    #[arg(long)]
    pub json: bool,
    /// Write the results there, too.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

impl Arguments {
    /// The parts that are asked for, each once.
    pub fn parts(&self) -> Vec<Part> {
        let asked = |part: &Part| self.part.is_empty() || self.part.contains(part);
        Part::ALL.into_iter().filter(asked).collect()
    }

    /// Rounds of what takes long.
    pub fn few(&self) -> u32 {
        (self.rounds * 3).div_ceil(5)
    }

    /// Rounds beside an agent: at long intervals fewer, for the sake of time.
    pub fn beside(&self, interval: u64) -> u32 {
        self.few().min(u32::try_from(u64::from(self.few()) * 5 / interval).unwrap_or(1)).max(1)
    }

    /// How long a slice beside an agent is: one of its intervals.
    pub fn slice(interval: u64) -> Duration {
        Duration::from_secs(interval)
    }

    /// How long a part takes.
    pub fn seconds(&self, part: Part) -> Duration {
        let twice = |slice: Duration, rounds: u32| slice * 2 * rounds;
        match part {
            Part::Api | Part::Fastapi => {
                START + twice(SATURATED, self.rounds + 1) + twice(WORKING + LAST_ANSWER, self.few())
            }
            Part::Agent => self.interval.iter().fold(START, |sum, &interval| {
                let slices = Self::slice(interval) + Self::slice(1);
                sum + (slices + RESTART) * self.beside(interval)
            }),
        }
    }

    /// What is said first.
    pub fn heading(&self) -> String {
        let parts = self.parts();
        let names: Vec<&str> = parts.iter().map(|part| part.scenario()).collect();
        let time: Duration = parts.iter().map(|part| self.seconds(*part)).sum();
        format!(
            "What instruments and an agent cost: {}. Rounds: {}, of slower things {}.\n\
             It takes about {} s. Ctrl-C gives what was measured until then.",
            names.join(", "),
            self.rounds,
            self.few(),
            time.as_secs()
        )
    }

    /// For the results.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let intervals: Vec<String> = self.interval.iter().map(u64::to_string).collect();
        [
            ("rounds", self.rounds.to_string()),
            ("rounds_with_work", self.few().to_string()),
            ("rate", self.rate.to_string()),
            ("agent_interval_seconds", intervals.join(",")),
            ("connections_without_work", CONNECTIONS.to_string()),
            ("build", if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// A slice of as many requests as go.
pub(super) const SATURATED: Duration = Duration::from_millis(300);
/// Connections that keep one server thread busy.
pub(super) const CONNECTIONS: usize = 16;
/// A slice with simulated work.
pub(super) const WORKING: Duration = Duration::from_millis(500);
/// The work's longest.
const LAST_ANSWER: Duration = Duration::from_millis(500);
/// An agent is started for each slice.
const RESTART: Duration = Duration::from_millis(300);
