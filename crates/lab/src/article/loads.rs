//! One of the article's scenarios by three loads: its script, and an open loop at two rates.
//!
//! The script waits for each batch and so sends fewer requests than it was asked for. So ours sends at the
//! asked rate, and once more at the rate that the script had really sent.

use std::time::{Duration, Instant};

use super::apps::App;
use super::{Lab, Measured, script};
use crate::compare::results::{Cell, Figure};
use crate::figure::{cell, once};
use crate::load::plan::Plan;
use crate::load::scenario::Scenario;
use crate::load::summary::{Summary, values};
use crate::load::{self};
use crate::subject::Subject;

/// What loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    Script,
    OpenAsked,
    OpenSent,
}

impl Load {
    pub(super) const ALL: [Self; 3] = [Self::Script, Self::OpenAsked, Self::OpenSent];

    /// Its name in results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::OpenAsked => "open-asked",
            Self::OpenSent => "open-sent",
        }
    }
}

/// What one load came to; times in seconds.
pub(super) struct Came {
    pub(super) requested: f64,
    pub(super) achieved: f64,
    pub(super) requests: u64,
    pub(super) ok: u64,
    pub(super) latency: Vec<(&'static str, Option<f64>)>,
    /// Why the rate was not reached, or what else has to be known.
    pub(super) why: Vec<String>,
}

const LATENCIES: [(&str, &str); 7] = [
    ("min", "latency_min_seconds"),
    ("mean", "latency_mean_seconds"),
    ("p50", "latency_p50_seconds"),
    ("p90", "latency_p90_seconds"),
    ("p99", "latency_p99_seconds"),
    ("p999", "latency_p999_seconds"),
    ("max", "latency_max_seconds"),
];

pub(super) async fn run(lab: &Lab<'_>, scenario: Scenario) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let time = lab.arguments.duration(scenario);
    let whole = scenario.duration(1.0);
    if time < whole {
        let (time, whole) = (time.as_secs_f64(), whole.as_secs_f64());
        measured.notes.push(format!("each load took {time:.1} s in place of {whole:.0} s"));
    }
    for app in App::ALL {
        let starting = lab.stop.run_until_cancelled(app.start(lab)).await.transpose()?;
        let Some(server) = starting else { break };
        let mut sent = f64::from(scenario.rate);
        for load in Load::ALL {
            let (cpu, began) = (server.cpu()?, Instant::now());
            let Some(came) = one(lab, load, &server, scenario, time, sent).await? else { break };
            let used = (server.cpu()? - cpu) / began.elapsed().as_secs_f64();
            if load == Load::Script {
                sent = came.achieved;
            }
            measured.notes.extend(missed(app.name(), load.name(), &came));
            measured.cells.push(figures(app.name(), load.name(), &came, used, server.memory()?));
        }
        server.stop().await;
    }
    if lab.stop.is_cancelled() {
        measured.notes.push("stopped by a signal: loads are missing".to_owned());
    }
    Ok(measured)
}

async fn one(
    lab: &Lab<'_>,
    load: Load,
    server: &Subject,
    scenario: Scenario,
    time: Duration,
    sent: f64,
) -> anyhow::Result<Option<Came>> {
    let url = format!("{}/", server.url);
    let asked = f64::from(scenario.rate);
    let rate = match load {
        Load::Script => {
            let said = script::run(lab, &url, scenario, time).await?;
            return Ok(said.map(|said| Came {
                requested: asked,
                achieved: said.rate,
                requests: said.requests,
                ok: said.ok,
                latency: LATENCIES
                    .map(|(short, name)| (name, said.latency_seconds.get(short).copied().flatten()))
                    .to_vec(),
                why: vec!["it waits for each batch".to_owned()],
            }));
        }
        Load::OpenAsked => asked,
        Load::OpenSent => sent,
    };
    let summary = load::measure(&url, open(rate, time), &lab.stop).await?;
    Ok((!summary.interrupted).then(|| came(&summary, rate)))
}

/// An open loop has a connection for each request that can be under way, whatever the article's users are.
pub(super) fn open(rate: f64, time: Duration) -> Plan {
    let (timeout, drain) = (Duration::from_secs(10), Duration::from_secs(5));
    Plan { rate, requests: None, duration: Some(time), concurrent: CONNECTIONS, timeout, drain }
}

/// At 100/s, enough for answers that take two seconds.
const CONNECTIONS: usize = 200;

pub(super) fn came(summary: &Summary, requested: f64) -> Came {
    let times = values(&summary.tally.latency);
    let latency = LATENCIES.map(|(short, name)| {
        let found = times.as_ref().and_then(|all| all.iter().find(|(value, _)| *value == short));
        (name, found.map(|(_, time)| time.as_secs_f64()))
    });
    Came {
        requested,
        achieved: summary.achieved_rate(),
        requests: summary.tally.over() + summary.not_sent(),
        ok: summary.tally.ok,
        latency: latency.to_vec(),
        why: summary.remarks(),
    }
}

/// Says it where the asked rate was not reached.
pub(super) fn missed(app: &str, load: &str, came: &Came) -> Option<String> {
    (came.achieved < came.requested * REACHED).then(|| {
        format!(
            "{app}, {load}: {:.1}/s of {:.1}/s asked: NOT REACHED ({:.0} %): {}",
            came.achieved,
            came.requested,
            came.achieved / came.requested * 100.0,
            came.why.join("; ")
        )
    })
}

/// A rate below this share of the asked one was not reached.
pub(super) const REACHED: f64 = 0.98;

/// The cell of one load: `used` cores, and resident bytes at its end.
pub(super) fn figures(path: &str, cohort: &str, came: &Came, used: f64, memory: f64) -> Cell {
    let n = came.requests;
    let one = |value: f64| -> Option<Figure> { once(value, n) };
    let mut all = vec![
        ("requested_rate", one(came.requested)),
        ("achieved_rate", one(came.achieved)),
        ("success_ratio", one(came.ok as f64 / n as f64)),
        ("cpu_ratio_of_core", one(used)),
        ("memory_bytes", one(memory)),
    ];
    all.extend(came.latency.iter().map(|(name, value)| (*name, value.and_then(one))));
    cell(path, cohort, all)
}
