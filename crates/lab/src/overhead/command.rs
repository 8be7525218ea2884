//! The command `overhead`: says what it will do, does it, and says what came of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use super::arguments::{Arguments, Part, Sizes};
use super::beside;
use super::python::{INSTALL, Python};
use super::report;
use super::server::Place;
use super::steps::{self, CONNECTIONS, Draft, RATE};
use crate::compare::machine;
use crate::compare::plan::shown;
use crate::compare::progress::Progress;
use crate::compare::record::begun;
use crate::compare::results::Results;
use crate::process::Log;
use crate::programs::ours;

/// Ended by a signal, as shells say it.
const INTERRUPTED: u8 = 130;
/// What intervals are drawn from; the same rounds give the same interval.
const SEED: u64 = 1;

/// Runs it: 0, 1 where a part failed, 130 after a signal; what was measured until then is shown.
///
/// # Errors
///
/// Where our programs are not found, a process ends by itself, or the results cannot be written.
pub async fn command(arguments: &Arguments, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir().context("cannot make a folder for the servers' files")?;
    let python = if arguments.part.contains(&Part::Fastapi) { Python::find(folder.path())? } else { None };
    let mut results = begun("overhead", versions(arguments, python.as_ref())?, settings(arguments), SEED);
    tell(arguments, &heading(arguments, python.is_some()))?;
    let log = File::create(folder.path().join("log")).context("cannot write a log")?;
    let (two, ten) = (Duration::from_secs(2), Duration::from_secs(10));
    let client = service::client::builder(two, ten, false).no_proxy().build()?;
    let place = Place { client, log: Log::file(log), stop: stop.clone() };
    let mut drafts: Vec<Draft> =
        Part::ALL.into_iter().filter(|part| arguments.part.contains(part)).map(Draft::new).collect();
    let outcome = steps(&mut drafts, arguments, &place, folder.path(), python.as_ref()).await;
    results.runs.extend(drafts.into_iter().filter_map(Draft::run));
    if let Some(file) = &arguments.out {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        results.write(file)?;
    }
    let told = if arguments.json { json(&results)? } else { report::text(&results) };
    std::io::stdout().write_all(told.as_bytes())?;
    // What a signal cut short has no other cause.
    if stop.is_cancelled() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    outcome?;
    Ok(ExitCode::SUCCESS)
}

async fn steps(
    drafts: &mut [Draft],
    arguments: &Arguments,
    place: &Place,
    folder: &Path,
    python: Option<&Python>,
) -> anyhow::Result<()> {
    let sizes = Sizes::new(arguments);
    let progress = Progress::new(drafts.len() + 1);
    let (mut agents, mut apps): (Vec<_>, Vec<_>) =
        drafts.iter_mut().partition(|draft| draft.part == Part::Agent);
    for draft in &mut apps {
        if draft.part == Part::Fastapi && python.is_none() {
            draft.run.skipped = Some(INSTALL.to_owned());
            continue;
        }
        let name = draft.run.scenario.clone();
        progress.begin(&name, sizes.busy_slice.as_secs_f64() * f64::from(sizes.busy + 1) * 2.0);
        steps::busy(draft, &sizes, place, python).await?;
        progress.end(&name, "busy servers done");
    }
    let quiet = apps.into_iter().filter(|draft| draft.run.skipped.is_none());
    let quiet: Vec<_> = quiet.map(|draft| steps::quiet(draft, &sizes, place, python)).collect();
    if !quiet.is_empty() {
        let name = "the article's work";
        progress.begin(name, (sizes.quiet_slice.as_secs_f64() + 0.5) * f64::from(sizes.quiet + 1) * 2.0);
        futures_util::future::try_join_all(quiet).await?;
        progress.end(name, "done");
    }
    for draft in &mut agents {
        let name = draft.run.scenario.clone();
        progress.begin(&name, sizes.windows.as_secs_f64());
        steps::agent(draft, &sizes, place, folder).await?;
        progress.end(&name, "done");
    }
    progress.finish();
    Ok(())
}

/// To standard output, unless only JSON is to be there.
fn tell(arguments: &Arguments, text: &str) -> std::io::Result<()> {
    if arguments.json {
        return std::io::stderr().write_all(text.as_bytes());
    }
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn heading(arguments: &Arguments, python: bool) -> String {
    let parts: Vec<Part> =
        arguments.part.iter().copied().filter(|part| python || *part != Part::Fastapi).collect();
    let mut text = format!(
        "What instrumentation costs, with and without in turn over real processes: {}, {} rounds.\n\
         It will take about {}. Ctrl-C shows what was measured until then.\n",
        arguments.part.iter().map(|part| part.name()).collect::<Vec<_>>().join(", "),
        arguments.rounds,
        shown(Sizes::new(arguments).time(&parts)),
    );
    if cfg!(debug_assertions) {
        text.push_str(
            "This lab was built without optimisation: figures of a release build are lower (--release).\n",
        );
    }
    text
}

fn json(results: &Results) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(results)? + "\n")
}

fn versions(arguments: &Arguments, python: Option<&Python>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut versions = BTreeMap::from([("pushpull-lab".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    if arguments.part.contains(&Part::Agent) {
        for name in ["pushpull-api", "pushpull-agent", "pushpull-gateway"] {
            versions.insert(name.to_owned(), machine::version(&ours(name)?)?);
        }
    }
    versions.extend(python.iter().flat_map(|python| python.versions.clone()));
    Ok(versions)
}

fn settings(arguments: &Arguments) -> BTreeMap<String, String> {
    let sizes = Sizes::new(arguments);
    let parts: Vec<&str> = arguments.part.iter().map(|part| part.name()).collect();
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let [short, long] = sizes.intervals;
    // Only where it is so: nobody is to wonder what it means.
    let tiny = arguments.tiny.then(|| ("tiny".to_owned(), "true".to_owned()));
    let usual = [
        ("parts", parts.join(",")),
        ("build", build.to_owned()),
        ("rounds_busy", sizes.busy.to_string()),
        ("rounds_article_work", sizes.quiet.to_string()),
        ("slice_busy_seconds", sizes.busy_slice.as_secs_f64().to_string()),
        ("slice_article_work_seconds", sizes.quiet_slice.as_secs_f64().to_string()),
        ("connections_busy", CONNECTIONS.to_string()),
        ("rate_article_work_per_second", RATE.to_string()),
        ("rate_beside_agent_per_second", beside::RATE.to_string()),
        ("agent_intervals_seconds", format!("{},{}", short.seconds, long.seconds)),
        ("agent_windows_seconds", sizes.windows.as_secs_f64().to_string()),
        ("api_threads_without_agent", "1".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    usual.into_iter().chain(tiny).collect()
}
