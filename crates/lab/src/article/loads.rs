//! One load on one app: what was asked, what was sent, how long answers took, what the app used for it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::app::{App, Programs};
use crate::compare::results::{Cell, Figure};
use crate::load::scenario::Scenario;
use crate::programs;

/// Beyond its own time, a load has this for its last answers.
const DRAIN: Duration = Duration::from_secs(30);

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Load {
    /// The article's script.
    Script,
    /// Our open loop at the rate that the text asks for.
    Asked,
    /// Our open loop at this rate: what the script reached.
    Sent(f64),
}

impl Load {
    /// Its name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Asked => "open-asked",
            Self::Sent(_) => "open-sent",
        }
    }
}

/// Runs it; none where `stop` came first.
pub async fn run(
    load: Load,
    scenario: Scenario,
    time: Duration,
    app: &App,
    programs: &Programs,
    stop: &CancellationToken,
) -> anyhow::Result<Option<(Cell, Vec<String>)>> {
    let rate = if let Load::Sent(rate) = load { rate } else { f64::from(scenario.rate) };
    let mut command = if load == Load::Script {
        let mut command = Command::new(&programs.python.path);
        command.arg(&programs.script).args(["--concurrent", &scenario.users.to_string()]);
        command
    } else {
        let mut command = Command::new(programs::ours("pushpull-lab")?);
        // An open loop needs as many connections as requests may be under way: half a second's worth, and some.
        let connections = (rate * 2.0).max(20.0).ceil();
        command.args(["load", "--concurrent", &connections.to_string()]);
        command
    };
    let duration = if load == Load::Script {
        time.as_secs_f64().to_string()
    } else {
        humantime::format_duration(time).to_string()
    };
    command.args(["--json", "--url", &app.url(), "--rate", &rate.to_string(), "--duration", &duration]);
    let (before, began) = (app.usage(), Instant::now());
    let Some(answer) = answer(command, time + DRAIN, stop).await? else { return Ok(None) };
    let (after, elapsed) = (app.usage(), began.elapsed().as_secs_f64());
    let mut cell = Cell { path: String::new(), cohort: load.name().to_owned(), ..Cell::default() };
    let requests = answer["requests"].as_u64().unwrap_or(0);
    let mut figure = |name: &str, value: Option<f64>| {
        cell.figures.insert(name.to_owned(), Figure { value, n: requests, ..Figure::default() });
    };
    figure("requested_rate", Some(rate));
    figure("achieved_rate", answer["achieved_rate"].as_f64());
    figure("success_ratio", answer["success"].as_f64());
    for name in ["min", "mean", "p50", "p90", "p99", "p999", "max"] {
        figure(&format!("latency_{name}_seconds"), answer["latency_seconds"][name].as_f64());
    }
    figure("cpu_ratio_of_core", Some((after.cpu - before.cpu) / elapsed));
    figure("memory_bytes", Some(after.memory));
    let remarks = answer["remarks"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let notes = remarks.map(|remark| format!("{}: {remark}", load.name())).collect();
    Ok(Some((cell, notes)))
}

/// The one object that a load prints.
async fn answer(
    mut command: Command,
    longest: Duration,
    stop: &CancellationToken,
) -> anyhow::Result<Option<Value>> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = child.process_group(0).spawn().context("cannot start a load")?;
    let output = tokio::select! {
        output = tokio::time::timeout(longest, child.wait_with_output()) => output,
        () = stop.cancelled() => return Ok(None),
    };
    let output = output.with_context(|| format!("a load took longer than {longest:?}"))??;
    if !output.status.success() {
        bail!("a load failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).map(Some).with_context(|| format!("a load printed no JSON: {text}"))
}
