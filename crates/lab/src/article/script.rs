//! The article's load test as a process: it waits for each batch, and so sets its own rate.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use super::Lab;
use crate::load::scenario::Scenario;
use crate::process::Process;
use crate::programs::Program;

/// What it says.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Said {
    pub(super) requests: u64,
    pub(super) ok: u64,
    /// Requests a second that it really sent.
    pub(super) rate: f64,
    /// By name; none where nothing was answered.
    pub(super) latency_seconds: BTreeMap<String, Option<f64>>,
}

/// Runs it on a URL; none after a signal.
///
/// # Errors
///
/// Where it cannot be started, fails, or takes much longer than asked.
pub(super) async fn run(
    lab: &Lab<'_>,
    url: &str,
    scenario: Scenario,
    time: Duration,
) -> anyhow::Result<Option<Said>> {
    let file = lab.folder.path().join("load_test.json");
    let script = lab.folder.path().join("load_test.py").display().to_string();
    let (rate, users) = (scenario.rate.to_string(), scenario.users.to_string());
    let (seconds, json) = (time.as_secs_f64().to_string(), file.display().to_string());
    let arguments = [
        &script,
        "--url",
        url,
        "--duration",
        &seconds,
        "--rate",
        &rate,
        "--concurrent",
        &users,
        "--json",
        &json,
    ];
    let mut process = Process::start("load_test.py", &Program::new(&lab.python, arguments), &lab.log)?;
    // It starts, and its last batch may wait for its timeout of 10 s.
    let limit = time + Duration::from_secs(30);
    let ended = tokio::time::timeout(limit, process.ended());
    let Some(ended) = lab.stop.run_until_cancelled(ended).await else { return Ok(None) };
    let status = ended.with_context(|| format!("load_test.py did not end within {limit:?}"))?;
    if !status.success() {
        bail!(process.death(status).await);
    }
    let text = std::fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
    let said: Said = serde_json::from_str(&text).context("what load_test.py wrote")?;
    ensure!(said.requests > 0, "load_test.py sent nothing to {url} in {time:?}");
    Ok(Some(said))
}
