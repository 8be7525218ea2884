//! What instruments and an agent cost: the same with and without them, by turns, over real processes.
//!
//! - [`arguments`]: what can be asked for, and how long it takes
//! - [`serve`]: our API with instruments or without, as a process of its own
//! - `rounds`: two servers under the same load by turns
//! - `instruments`: our API and the article's app, each with and without instruments
//! - `presence`: our API alone, and with an agent beside it
//! - [`table`]: the result for a reader, beside the article's claim

pub mod arguments;
mod instruments;
mod presence;
mod rounds;
pub mod serve;
pub mod table;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use reqwest::Client;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::INTERRUPTED;
use crate::compare::progress::Progress;
use crate::compare::results::{Cell, Run};
use crate::compare::{machine, record};
use crate::process::Log;
use crate::{programs, python, subject};

use self::arguments::{Arguments, Part};

/// Intervals are drawn with it; the schedule has no chance in it.
const SEED: u64 = 1;

/// What all parts share.
struct Lab<'a> {
    arguments: &'a Arguments,
    client: Client,
    log: Log,
    /// Settings, the article's app, and the log.
    folder: TempDir,
    stop: CancellationToken,
}

/// What one part has measured.
#[derive(Default)]
struct Measured {
    cells: Vec<Cell>,
    notes: Vec<String>,
    skipped: Option<String>,
}

/// Runs it: 0, or 130 after a signal, with what was measured until then.
///
/// # Errors
///
/// Where a server cannot be started, answers with errors, or results cannot be written.
pub async fn command(arguments: &Arguments, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let file = folder.path().join("log");
    let log = std::fs::File::create(&file).with_context(|| format!("cannot make {}", file.display()))?;
    let lab = Lab { arguments, client: subject::client()?, log: Log::file(log), folder, stop };
    let parts = arguments.parts();
    if !arguments.json {
        let text = format!("{}\n", arguments.heading());
        std::io::stdout().write_all(text.as_bytes())?;
    }
    let mut results = record::begun("overhead", versions()?, arguments.settings(), SEED);
    let progress = Progress::new(parts.len());
    for part in parts {
        if lab.stop.is_cancelled() {
            break;
        }
        let under_way = record::under_way(part.scenario(), 1, SEED);
        progress.begin(part.scenario(), arguments.seconds(part).as_secs_f64());
        let measured = lab.run(part).await.with_context(|| part.scenario().to_owned())?;
        let how = if measured.skipped.is_some() { "skipped" } else { "done" };
        progress.end(part.scenario(), how);
        results.runs.push(Run {
            skipped: measured.skipped,
            notes: measured.notes,
            cells: measured.cells,
            ..under_way.ended()
        });
    }
    progress.finish();
    let stopped = lab.stop.is_cancelled();
    record::tell(&results, arguments.out.as_deref(), arguments.json, stopped, || table::text(&results))?;
    Ok(if stopped { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
}

impl Lab<'_> {
    async fn run(&self, part: Part) -> anyhow::Result<Measured> {
        match part {
            Part::Api => instruments::api(self).await,
            Part::Agent => presence::agent(self).await,
            Part::Fastapi => match python::interpreter() {
                Ok(python) => instruments::fastapi(self, &python).await,
                Err(missing) => Ok(Measured { skipped: Some(missing), ..Measured::default() }),
            },
        }
    }

    /// What a future gives, or none after a signal.
    async fn unless_stopped<T>(
        &self,
        future: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<Option<T>> {
        self.stop.run_until_cancelled(future).await.transpose()
    }
}

impl Measured {
    /// A remark where fewer rounds were measured than planned, or none.
    fn rounds(&mut self, what: &str, measured: usize, planned: u32) {
        if measured < planned as usize {
            self.notes.push(format!("{what}: stopped by a signal after {measured} of {planned} rounds"));
        }
    }
}

fn versions() -> anyhow::Result<BTreeMap<String, String>> {
    let mut versions = BTreeMap::from([("pushpull-lab".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    for name in ["pushpull-agent", "pushpull-gateway"] {
        versions.insert(name.to_owned(), machine::version(&programs::ours(name)?)?);
    }
    Ok(versions)
}

/// Time in which nothing is measured: processes start, and the last answers come.
const START: Duration = Duration::from_secs(2);
