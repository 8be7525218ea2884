//! The command line of `load`, and the plan that it means.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use http::Uri;

use super::expect::Expect;
use super::plan::Plan;
use super::scenario::Scenario;
use super::target;

/// What can be asked for.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// One of the article's scenarios: baseline, moderate, high, endurance.
    #[arg(value_name = "SCENARIO", value_parser = Scenario::named, conflicts_with_all = ["requests", "duration", "rate"])]
    pub scenario: Option<Scenario>,
    /// The same, as a flag.
    #[arg(long = "scenario", value_name = "NAME", value_parser = Scenario::named, conflicts_with_all = ["scenario", "requests", "duration", "rate"])]
    pub named: Option<Scenario>,
    /// The share of the scenario's time to run, such as 0.1.
    #[arg(long, value_name = "SHARE", value_parser = scale)]
    pub scale: Option<f64>,
    /// What to ask for, by GET.
    #[arg(long, default_value = "http://127.0.0.1:8000/", value_parser = target::url)]
    pub url: Uri,
    /// Ends after so many requests.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub requests: Option<u64>,
    /// Ends after this time, in seconds or such as 90s, 5m; with --requests, whichever comes first. Default 10s.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub duration: Option<Duration>,
    /// Requests a second; 0 is as fast as answers come, which is a closed loop. Default 10.
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// How many requests may be under way at once, each on its own connection. Default 10, or the scenario's users.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub concurrent: Option<u32>,
    /// How long one request may take.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub timeout: Duration,
    /// How long after the plan's end requests that wait for a connection may still start.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    pub drain: Duration,
    /// Threads that send.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub threads: u32,
    /// Certificates to trust in place of the system's, as PEM.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// The result as one JSON object on standard output, and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Writes a row for each second of the plan, as CSV: good answers, errors, mean and longest latency.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Writes a histogram of the latencies.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Writes one HTML file with the histogram and the result.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Conditions, such as p99<500ms,success>99.9%,rate>99% (of the asked one); a miss ends with 1.
    #[arg(long, value_name = "CONDITIONS")]
    pub expect: Option<Expect>,
}

impl Arguments {
    /// The scenario and the share of its time, where one is asked for.
    pub fn chosen(&self) -> Result<Option<(Scenario, f64)>, String> {
        match (self.scenario.or(self.named), self.scale) {
            (None, Some(_)) => Err("--scale shortens a scenario: name one, or set --duration".to_owned()),
            (scenario, scale) => Ok(scenario.map(|scenario| (scenario, scale.unwrap_or(1.0)))),
        }
    }

    /// What they mean.
    pub fn plan(&self) -> Result<Plan, String> {
        let concurrent = self.concurrent.map(|count| count as usize);
        let Self { requests, timeout, drain, .. } = *self;
        if let Some((scenario, scale)) = self.chosen()? {
            return Ok(Plan {
                rate: scenario.rate.into(),
                requests: None,
                duration: Some(scenario.duration(scale)),
                concurrent: concurrent.unwrap_or(scenario.users),
                timeout,
                drain,
            });
        }
        let usual = requests.is_none().then_some(Duration::from_secs(10));
        Ok(Plan {
            rate: self.rate.unwrap_or(10.0),
            requests,
            duration: self.duration.or(usual),
            concurrent: concurrent.unwrap_or(10),
            timeout,
            drain,
        })
    }
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(scale) if scale > 0.0 && scale <= 1.0 => Ok(scale),
        _ => Err("expected a share above 0 and up to 1".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate == 0.0 || (0.001..=10_000_000.0).contains(&rate) => Ok(rate),
        _ => Err("expected requests a second, from 0.001 to 10000000, or 0".to_owned()),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let expected = "expected seconds or a time such as 90s or 5m, up to a day";
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match seconds.or_else(|| humantime::parse_duration(text).ok()) {
        Some(time) if !time.is_zero() && time <= Duration::from_hours(24) => Ok(time),
        _ => Err(expected.to_owned()),
    }
}
