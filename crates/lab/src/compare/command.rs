//! The command `compare`: says what it will do, does it, and says what came of it.

use std::io::Write;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::arguments::{Arguments, Meant};
use super::lanes::Lanes;
use super::machine;
use super::plan::{Job, Plan, shown};
use super::progress::Progress;
use super::record::Record;
use super::scenario::{full, quick};
use super::{LANES_QUICK, lanes, stage};
use crate::INTERRUPTED;

/// Runs it: 0, 1 where a run failed, 130 after a signal.
///
/// # Errors
///
/// Where it cannot begin: peers that are missing, a file that cannot be gone on with; or where results
/// cannot be kept.
pub async fn command(arguments: &Arguments, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    if arguments.list {
        out.write_all(list(arguments.quick).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    // Names first: they are the cheapest mistakes.
    let usual = Meant::new(arguments, None)?;
    let versions = machine::versions()?;
    let (mut record, meant) = match &arguments.resume {
        Some(file) => Record::resume(file, arguments, &versions)?,
        None => (Record::new(&arguments.out, &usual, versions, arguments.force)?, usual),
    };
    record.forget_skipped();
    let lanes =
        arguments.lanes.map_or(if meant.quick { LANES_QUICK } else { lanes() }, |lanes| lanes as usize);
    let all = (1..=meant.repeat).flat_map(|repeat| {
        meant.scenarios.iter().map(move |scenario| Job { scenario: scenario.clone(), repeat })
    });
    let jobs: Vec<Job> = all.filter(|job| !record.has(job.scenario.name, job.repeat)).collect();
    let plan = Plan::new(jobs, lanes);
    let (runs, all) = (plan.runs(), plan.runs() + record.results.runs.len());
    out.write_all(heading(&meant, &plan, &record).as_bytes())?;
    out.flush()?;
    for left in stage::sweep()? {
        writeln!(out, "Removed what an earlier lab left: {left}.")?;
    }
    let file = record.file.clone();
    let lanes = Lanes {
        times: meant.times,
        seed: meant.seed,
        record: Mutex::new(record),
        logs: arguments.logs.clone(),
        progress: Progress::new(runs),
        under_way: Mutex::default(),
        stop: stop.clone(),
    };
    let outcome = lanes.run(plan).await;
    lanes.progress.finish();
    let failed = outcome?;
    let record = lanes.record.into_inner().unwrap_or_else(PoisonError::into_inner);
    let kept = record.results.runs.len();
    let shown = file.display();
    if kept > 0 {
        writeln!(out, "{kept} of {all} runs are in {shown}.")?;
    }
    if kept < all {
        let how = if kept > 0 {
            format!("pushpull-lab compare --resume {shown}")
        } else {
            "the same command".to_owned()
        };
        writeln!(out, "What is missing is run by: {how}")?;
    }
    if stop.is_cancelled() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if !failed.is_empty() {
        writeln!(out, "Failed: {}.", failed.join(", "))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn heading(meant: &Meant, plan: &Plan, record: &Record) -> String {
    let names: Vec<&str> = meant.scenarios.iter().map(|scenario| scenario.name).collect();
    let times = &meant.times;
    let there = record.results.runs.len();
    let there = if there > 0 { format!(", beside {there} that are there") } else { String::new() };
    format!(
        "Push versus pull over real processes, {} runs{there}: {}, {} of each.\n\
         Scrapes each {} s, pushes each {} s, look-back {} s, {} events a second at each instance, seed {}.\n\
         It will take about {} in {} lane{}; results go to {} after each run. Ctrl-C keeps those.\n",
        plan.runs(),
        names.join(", "),
        meant.repeat,
        times.scrape,
        times.push,
        times.lookback,
        times.rate,
        meant.seed,
        shown(plan.time(times)),
        plan.lanes,
        if plan.lanes == 1 { "" } else { "s" },
        record.file.display(),
    )
}

fn list(short: bool) -> String {
    let (_, scenarios) = if short { quick() } else { full() };
    let line = |scenario: super::scenario::Scenario| {
        let root = if super::stage::Stage::missing(scenario.network, cuts(&scenario)).is_some() {
            " (not here: needs root)"
        } else {
            ""
        };
        format!("{:<13} {}{root}\n", scenario.name, scenario.question)
    };
    scenarios.into_iter().map(line).collect()
}

fn cuts(scenario: &super::scenario::Scenario) -> bool {
    scenario.faults.iter().any(|fault| matches!(fault, super::scenario::Fault::LinkCut { .. }))
}
