//! The command line of `overhead`, and how long what it asks for takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

/// What can be asked for.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// How often with and without are compared where the server is kept busy; elsewhere half of it.
    #[arg(long, value_name = "N", default_value_t = 13, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Only these parts.
    #[arg(long, value_name = "PART", value_delimiter = ',', default_values_t = Part::ALL, value_enum)]
    pub part: Vec<Part>,
    /// The results as JSON on standard output, and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Writes the results as JSON.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Times that are too short for figures, for tests of this command.
    #[arg(long, hide = true)]
    pub tiny: bool,
}

/// What is measured with and without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Our API's instruments.
    Api,
    /// The agent beside our API.
    Agent,
    /// The instruments of the article's app.
    Fastapi,
}

impl Part {
    /// All, in the order of the report.
    pub const ALL: [Self; 3] = [Self::Api, Self::Agent, Self::Fastapi];

    /// Its name on the command line, and in results behind `overhead/`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Agent => "agent",
            Self::Fastapi => "fastapi",
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

/// An interval of agents.
#[derive(Debug, Clone, Copy)]
pub struct Interval {
    /// Between two pushes, in seconds.
    pub seconds: u64,
    /// The length of a window, which holds whole intervals.
    pub window: Duration,
    /// How many pairs run at once: where a window is long, there are few of one pair.
    pub pairs: usize,
}

/// How long each load is, and how many there are.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Rounds of a busy server.
    pub busy: u32,
    /// Rounds of the article's work.
    pub quiet: u32,
    /// A load that keeps a server busy.
    pub busy_slice: Duration,
    /// A load at a rate, on the article's work.
    pub quiet_slice: Duration,
    /// The agent's intervals.
    pub intervals: [Interval; 2],
    /// How long all windows of the agent's part take; both intervals run at once.
    pub windows: Duration,
}

impl Sizes {
    /// What the arguments mean.
    pub fn new(arguments: &Arguments) -> Self {
        let seconds = Duration::from_secs;
        let (busy, milliseconds) = (arguments.rounds, Duration::from_millis);
        let interval = |seconds_between, window, pairs| Interval {
            seconds: seconds_between,
            window: seconds(window),
            pairs,
        };
        if arguments.tiny {
            let intervals = [interval(1, 1, 1), interval(2, 2, 2)];
            let (busy_slice, quiet_slice) = (milliseconds(100), milliseconds(300));
            return Self { busy, quiet: 1, busy_slice, quiet_slice, intervals, windows: seconds(2) };
        }
        let half = (busy / 2).max(1);
        Self {
            busy,
            quiet: half.max(if busy < 6 { 1 } else { 6 }),
            busy_slice: milliseconds(250),
            quiet_slice: seconds(1),
            intervals: [interval(1, 3, 1), interval(15, 15, 2)],
            windows: seconds(15) * half.div_ceil(2),
        }
    }

    /// How long these parts take, with starts and last answers.
    pub fn time(&self, parts: &[Part]) -> Duration {
        let both = |slice: Duration, rounds: u32| slice * 2 * rounds;
        let mut time = Duration::from_millis(1500);
        let mut quiet = Duration::ZERO;
        for part in parts {
            time += Duration::from_millis(500);
            if *part == Part::Agent {
                time += self.windows;
            } else {
                time += both(self.busy_slice, self.busy + 1);
                // Those of both apps run at once. Half a second is for the last answers.
                let answers = Duration::from_millis(500);
                quiet = both(self.quiet_slice + answers, self.quiet) + both(answers, 1);
            }
        }
        time + quiet
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounds::FEWEST;
    use super::*;

    fn arguments(rounds: u32) -> Arguments {
        Arguments { rounds, part: Part::ALL.to_vec(), json: false, out: None, tiny: false }
    }

    #[test]
    fn by_default_it_takes_at_most_ninety_seconds_and_each_figure_has_an_interval() {
        let sizes = Sizes::new(&arguments(13));
        assert!(sizes.time(&Part::ALL) <= Duration::from_secs(90), "{:?}", sizes.time(&Part::ALL));
        assert!(sizes.quiet as usize >= FEWEST);
        for interval in sizes.intervals {
            let windows = sizes.windows.as_millis() / interval.window.as_millis();
            assert!(windows as usize * interval.pairs >= FEWEST, "{interval:?}");
        }
        assert!(Sizes::new(&arguments(130)).time(&Part::ALL) > Duration::from_mins(5));
    }
}
