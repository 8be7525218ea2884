//! Load at planned times, told by what was planned: a server that stalls cannot hide it.
//!
//! - [`plan`]: when each request is meant to start; [`scenario`]: the article's four
//! - [`target`]: the URL and connections to it; [`pacer`]: a clock finer than the runtime's
//! - `worker`: one connection, taking number after number; [`outcome`]: what can go wrong
//! - [`tally`]: counts and times; [`summary`]: what they mean beside what was asked
//! - [`report`], [`svg`], [`html`], `progress`: how it is shown; [`expect`]: what it has to keep
//! - [`arguments`]: the command line

pub mod arguments;
pub mod expect;
pub mod html;
pub mod outcome;
pub mod pacer;
pub mod plan;
mod progress;
pub mod report;
pub mod scenario;
pub mod summary;
pub mod svg;
pub mod tally;
pub mod target;
mod worker;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::INTERRUPTED;
use arguments::Arguments;
use plan::Plan;
use summary::Summary;
use tally::Tally;
use target::Target;
use worker::Shared;

/// Runs the command: 0, 1 where an expectation was missed, 2 for what cannot be meant, 130 after a signal.
pub async fn command(arguments: &Arguments, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let (plan, chosen) = match arguments.plan().and_then(|plan| Ok((plan, arguments.chosen()?))) {
        Ok(meant) => meant,
        Err(message) => {
            eprintln!("pushpull-lab: {message}");
            return Ok(ExitCode::from(2));
        }
    };
    let url = arguments.url.to_string();
    let reached = async {
        let target = Target::new(&arguments.url, arguments.ca_file.as_deref()).await?;
        target.connect().await.map_err(|failure| anyhow!("{failure}"))?;
        anyhow::Ok(target)
    };
    let target = tokio::select! {
        reached = tokio::time::timeout(plan.timeout, reached) => reached
            .map_err(|_| anyhow!("no connection within {:?}", plan.timeout))
            .flatten()
            .with_context(|| format!("cannot reach {url}"))?,
        () = stop.cancelled() => return Ok(ExitCode::from(INTERRUPTED)),
    };
    let mut summary = Summary::before(plan, url, arguments.threads as usize);
    summary.scenario = chosen.map(|(scenario, scale)| (scenario.name, scale));
    let mut out = std::io::stdout();
    if !arguments.json {
        out.write_all(report::heading(&summary).as_bytes())?;
    }
    run(target, &mut summary, true, &stop).await?;
    let told = if arguments.json { format!("{}\n", summary.json()) } else { report::text(&summary) };
    out.write_all(told.as_bytes())?;
    write(arguments.csv.as_deref(), || report::csv(&summary))?;
    write(arguments.svg.as_deref(), || svg::draw(&summary))?;
    write(arguments.html.as_deref(), || html::page(&summary))?;
    let misses = arguments.expect.as_ref().map_or_else(Vec::new, |expect| expect.misses(&summary));
    for miss in &misses {
        eprintln!("missed: {miss}");
    }
    Ok(match (summary.interrupted, misses.is_empty()) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    })
}

fn write(file: Option<&Path>, text: impl Fn() -> String) -> anyhow::Result<()> {
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, text()).with_context(|| format!("cannot write {}", file.display()))
}

/// A light load in the background, on this runtime, until `stop`; nobody asks what became of it.
pub async fn light(target: Target, rate: f64, stop: CancellationToken) {
    let (timeout, drain) = (Duration::from_secs(10), Duration::ZERO);
    let plan = Plan { rate, requests: None, duration: None, concurrent: 100, timeout, drain };
    let shared = Shared { target, plan, began: Instant::now(), next: AtomicU64::new(0) };
    let tally = Arc::new(Mutex::new(Tally::default()));
    // It fails where there are no more timers to be had: then there is no load.
    let _ = worker::all(Arc::new(shared), 100, tally, stop).await;
}

/// Runs a plan on a thread of its own, and shows nothing; a signal makes it partial.
///
/// # Errors
///
/// Where the URL cannot be meant, or the load cannot go on.
pub async fn measure(url: &str, plan: Plan, stop: &CancellationToken) -> anyhow::Result<Summary> {
    let uri = url.parse().with_context(|| format!("`{url}`"))?;
    let mut summary = Summary::before(plan, url.to_owned(), 1);
    run(Target::new(&uri, None).await?, &mut summary, false, stop).await?;
    Ok(summary)
}

/// Runs the plan on threads of its own, and fills in what came of it.
async fn run(
    target: Target,
    summary: &mut Summary,
    shown: bool,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let plan = summary.plan.clone();
    let (began, before) = (Instant::now(), cpu());
    let shared = Arc::new(Shared { target, plan: plan.clone(), began, next: AtomicU64::new(0) });
    let (mut tallies, mut ends) = (Vec::new(), Vec::new());
    for thread in 0..summary.threads {
        // The first threads take what cannot be divided.
        let connections =
            plan.concurrent / summary.threads + usize::from(thread < plan.concurrent % summary.threads);
        let (tally, (end, ended)) = (Arc::new(Mutex::new(Tally::default())), oneshot::channel());
        let work = worker::all(Arc::clone(&shared), connections, Arc::clone(&tally), stop.clone());
        std::thread::Builder::new().name(format!("load {thread}")).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let _ = end.send(runtime.and_then(|runtime| runtime.block_on(work)));
        })?;
        tallies.push(tally);
        ends.push(ended);
    }
    let sum = || {
        let mut sum = Tally::default();
        for tally in &tallies {
            sum.add(&tally.lock().unwrap_or_else(PoisonError::into_inner));
        }
        sum
    };
    tokio::select! {
        ended = futures_util::future::try_join_all(ends) => {
            for ended in ended.context("a thread of the load has died")? {
                ended.context("the load cannot go on")?;
            }
        }
        never = progress::show(&plan, sum), if shown => match never {},
    }
    summary.tally = sum();
    summary.elapsed = began.elapsed();
    summary.cpu = cpu().saturating_sub(before);
    summary.interrupted = stop.is_cancelled();
    Ok(())
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
