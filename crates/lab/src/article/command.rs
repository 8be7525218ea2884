//! The command `article`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::app::{App, Kind, Programs};
use super::claims;
use super::instances;
use super::loads::{self, Load};
use crate::compare::machine;
use crate::compare::record::moment;
use crate::compare::results::{FORMAT, Results, Run};
use crate::load::scenario::{SCENARIOS, Scenario};
use crate::process::Log;

/// Several instances, beside the article's scenarios.
const INSTANCES: &str = "instances";

/// Ended by a signal, as shells say it.
const INTERRUPTED: u8 = 130;

/// What can be asked for.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Share of the article's durations of 2 to 30 minutes; none is shorter than --least.
    #[arg(long, value_name = "SHARE", default_value_t = 0.008, value_parser = share)]
    pub scale: f64,
    /// The shortest load.
    #[arg(long, value_name = "DURATION", default_value = "8s", value_parser = humantime::parse_duration)]
    pub least: Duration,
    /// Only these: baseline, moderate, high, endurance, instances.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = ["baseline", "moderate", "high", "endurance", INSTANCES])]
    pub scenario: Vec<String>,
    /// Where results are kept; written after each run.
    #[arg(long, value_name = "FILE", default_value = "var/lab/article.json")]
    pub out: PathBuf,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err(format!("expected a share above 0 and up to 1, got `{text}`")),
    }
}

impl Arguments {
    fn time(&self, scenario: Scenario) -> Duration {
        scenario.duration(self.scale).max(self.least)
    }

    fn wants(&self, name: &str) -> bool {
        self.scenario.is_empty() || self.scenario.iter().any(|wanted| wanted == name)
    }

    fn all(&self) -> Duration {
        let wanted = SCENARIOS.into_iter().filter(|scenario| self.wants(scenario.name));
        let loads: Duration = wanted.map(|scenario| self.time(scenario) * 3 + Duration::from_secs(3)).sum();
        // Each count of instances has a Prometheus that takes some seconds to find them.
        let counts = u32::from(self.wants(INSTANCES)) * 3;
        (loads + (self.least + Duration::from_secs(8)) * counts) * 2
    }
}

/// Runs it: 0, 1 where a part failed, 130 after a signal, with all finished runs kept.
pub async fn command(arguments: &Arguments, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let programs = Programs::find(folder.path())?;
    let mut versions = machine::versions()?;
    versions.extend(programs.python.versions.clone());
    let seconds = Duration::from_secs(arguments.all().as_secs());
    eprintln!(
        "the article's scenarios at {} of their time, and several instances: about {}",
        arguments.scale,
        humantime::format_duration(seconds)
    );
    let settings = [
        ("scale", arguments.scale.to_string()),
        ("least_seconds", arguments.least.as_secs_f64().to_string()),
    ];
    let mut results = Results {
        format: FORMAT.to_owned(),
        command: "article".to_owned(),
        made: moment(),
        machine: machine::machine(),
        versions,
        settings: settings.map(|(name, value)| (name.to_owned(), value)).into(),
        seed: 0,
        runs: Vec::new(),
    };
    if let Some(parent) = arguments.out.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let second = Duration::from_secs;
    let client = service::client::builder(second(2), second(10), false).no_proxy().build()?;
    for scenario in SCENARIOS.into_iter().filter(|scenario| arguments.wants(scenario.name)) {
        let name = format!("article/{}", scenario.name);
        let run = measured(&name, async |run| {
            for kind in Kind::ALL {
                one(kind, scenario, arguments.time(scenario), &programs, &client, &stop, run).await?;
            }
            Ok(())
        });
        results.runs.push(run.await?);
        if stop.is_cancelled() {
            break;
        }
        results.write(&arguments.out)?;
    }
    if !stop.is_cancelled() && arguments.wants(INSTANCES) {
        let run = measured("article/instances", async |run| {
            for kind in Kind::ALL {
                let cells =
                    instances::run(kind, arguments.least, &programs, folder.path(), &client, &stop).await?;
                run.cells.extend(cells);
            }
            Ok(())
        });
        results.runs.push(run.await?);
    }
    // What was cut short is no measurement.
    results.runs.retain(|run| !run.cells.is_empty());
    results.write(&arguments.out)?;
    print(&results.runs);
    eprintln!("results: {}", arguments.out.display());
    Ok(if stop.is_cancelled() { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
}

async fn measured(name: &str, work: impl AsyncFnOnce(&mut Run) -> anyhow::Result<()>) -> anyhow::Result<Run> {
    let (began, before) = (Instant::now(), machine::load());
    let mut run = Run {
        scenario: name.to_owned(),
        repeat: 1,
        seed: 0,
        began: moment(),
        seconds: 0.0,
        load_average: [before; 2],
        skipped: None,
        notes: Vec::new(),
        cells: Vec::new(),
        lines: Vec::new(),
    };
    eprintln!("{name}");
    work(&mut run).await?;
    run.seconds = began.elapsed().as_secs_f64();
    run.load_average[1] = machine::load();
    Ok(run)
}

/// All three loads on one app.
async fn one(
    kind: Kind,
    scenario: Scenario,
    time: Duration,
    programs: &Programs,
    client: &reqwest::Client,
    stop: &CancellationToken,
    run: &mut Run,
) -> anyhow::Result<()> {
    let app = App::start(kind, programs, client, &Log::file(tempfile::tempfile()?)).await?;
    let mut sent = f64::from(scenario.rate);
    for load in [Load::Script, Load::Asked, Load::Sent(0.0)] {
        let load = if matches!(load, Load::Sent(_)) { Load::Sent(sent) } else { load };
        let Some((mut cell, notes)) = loads::run(load, scenario, time, &app, programs, stop).await? else {
            break;
        };
        if load == Load::Script {
            sent = cell.figures["achieved_rate"].value.filter(|rate| *rate > 0.0).unwrap_or(sent);
        }
        kind.name().clone_into(&mut cell.path);
        run.cells.push(cell);
        run.notes.extend(notes.into_iter().map(|note| format!("{}, {note}", kind.name())));
    }
    app.stop().await;
    Ok(())
}

#[allow(clippy::print_stdout, reason = "the table is the command's output")]
fn print(runs: &[Run]) {
    println!(
        "{:<20} {:<12} {:<11} {:>7} {:>7} {:>8} {:>8} {:>8} {:>6}",
        "scenario", "app", "load", "asked", "sent", "p50 ms", "p99 ms", "max ms", "CPU"
    );
    for (run, cell) in runs.iter().flat_map(|run| run.cells.iter().map(move |cell| (run, cell))) {
        let value = |name: &str| cell.figures.get(name).and_then(|figure| figure.value).unwrap_or(f64::NAN);
        println!(
            "{:<20} {:<12} {:<11} {:>7.1} {:>7.1} {:>8.1} {:>8.1} {:>8.1} {:>5.1}%",
            run.scenario,
            cell.path,
            cell.cohort,
            value("requested_rate"),
            value("achieved_rate"),
            value("latency_p50_seconds") * 1e3,
            value("latency_p99_seconds") * 1e3,
            value("latency_max_seconds") * 1e3,
            value("cpu_ratio_of_core") * 100.0
        );
    }
    println!();
    for claim in claims::claims(runs) {
        println!("{}: {}\n    {}", claim.verdict, claim.says, claim.measured);
    }
}
