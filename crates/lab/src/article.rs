//! The article's results, done again: its four scenarios on its app and on our API, and several instances.
//!
//! - [`arguments`]: what can be asked for, and how long it takes
//! - `apps`: the two programs that are loaded
//! - `script`: the article's load test as a process
//! - `loads`: one scenario under three loads
//! - `instances`: one, two and four of each, scraped by the real Prometheus at once
//! - [`claims`]: what the article says, beside what was measured; `table`: for a reader

mod apps;
pub mod arguments;
pub mod claims;
mod instances;
mod loads;
mod script;
mod table;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use reqwest::Client;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::INTERRUPTED;
use crate::compare::progress::Progress;
use crate::compare::results::{Cell, Run};
use crate::compare::watchers::Peers;
use crate::compare::{machine, record};
use crate::process::Log;
use crate::{programs, python, settings, subject};

use self::arguments::{Arguments, Item};

/// Nothing here is drawn at random but the simulated work, which nobody can seed from outside.
const SEED: u64 = 1;

/// What all items share.
struct Lab<'a> {
    arguments: &'a Arguments,
    python: PathBuf,
    /// Empty where no item needs it.
    prometheus: PathBuf,
    client: Client,
    log: Log,
    /// The article's programs, settings, and the log.
    folder: TempDir,
    stop: CancellationToken,
}

/// What one item has measured.
#[derive(Default)]
struct Measured {
    cells: Vec<Cell>,
    notes: Vec<String>,
}

/// Runs it: 0, or 130 after a signal, with what was measured until then.
///
/// # Errors
///
/// Where Python or Prometheus is missing, a server cannot be started, or results cannot be written.
pub async fn command(arguments: &Arguments, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let items = arguments.items();
    let python = python::interpreter().map_err(|missing| anyhow!(missing))?;
    let scraped = items.contains(&Item::Instances);
    let prometheus = if scraped { Peers::find(&[])?.prometheus } else { PathBuf::new() };
    let folder = tempfile::tempdir().context("no temporary folder")?;
    programs(folder.path())?;
    let file = folder.path().join("log");
    let log = std::fs::File::create(&file).with_context(|| format!("cannot make {}", file.display()))?;
    let versions = versions(&python, &prometheus)?;
    let (client, log) = (subject::client()?, Log::file(log));
    let lab = Lab { arguments, python, prometheus, client, log, folder, stop };
    let mut out = std::io::stdout();
    if !arguments.json {
        out.write_all(format!("{}\n", arguments.heading()).as_bytes())?;
    }
    let mut results = record::begun("article", versions, arguments.settings(), SEED);
    let progress = Progress::new(items.len());
    for item in items {
        if lab.stop.is_cancelled() {
            break;
        }
        let under_way = record::under_way(&item.name(), 1, SEED);
        progress.begin(&item.name(), arguments.seconds(item).as_secs_f64());
        let measured = match item {
            Item::Scenario(scenario) => loads::run(&lab, scenario).await,
            Item::Instances => instances::run(&lab).await,
        };
        let measured = measured.with_context(|| item.name())?;
        progress.end(&item.name(), if lab.stop.is_cancelled() { "stopped" } else { "done" });
        results.runs.push(Run { notes: measured.notes, cells: measured.cells, ..under_way.ended() });
    }
    progress.finish();
    let stopped = lab.stop.is_cancelled();
    record::tell(&results, arguments.out.as_deref(), arguments.json, stopped, || {
        format!("{}{}", table::text(&results), claims::text(&results))
    })?;
    Ok(if stopped { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
}

/// Puts the article's programs into a folder, so that the lab needs no source tree.
///
/// # Errors
///
/// Where they cannot be written.
pub fn programs(folder: &Path) -> anyhow::Result<()> {
    settings::write(folder, "app.py", include_str!("../article/app.py"))?;
    settings::write(folder, "load_test.py", include_str!("../article/load_test.py"))?;
    Ok(())
}

fn versions(python: &Path, prometheus: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut versions = BTreeMap::from([("pushpull-lab".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    versions.insert("pushpull-api".to_owned(), machine::version(&programs::ours("pushpull-api")?)?);
    versions.insert("python".to_owned(), machine::version(python)?);
    if prometheus != Path::new("") {
        versions.insert("prometheus".to_owned(), machine::version(prometheus)?);
    }
    Ok(versions)
}
