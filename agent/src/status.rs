//! What the agent can say of itself at this moment: for its page, for machines, for `doctor`.
//!
//! Nothing is kept for it but the last events: targets tell by their newest snapshot, endpoints by
//! what waits for them and by the agent's own metrics.

mod endpoints;
pub mod events;
mod page;
mod receivers;
mod targets;

use std::sync::Arc;
use std::time::SystemTime;

use exposition::Page;
use serde::Serialize;

use crate::intake::Intakes;
use crate::sinks::pull::Pull;
use crate::stats::Stats;
use endpoints::Endpoint;
use events::{Event, Events};
use receivers::Receiver;
use targets::Target;

/// Where it is taken from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The newest snapshots.
    pub pull: Arc<Pull>,
    /// The ways to the endpoints.
    pub intakes: Intakes,
    /// The agent's own metrics.
    pub stats: Arc<Stats>,
    /// What happened last.
    pub events: Events,
    /// The agent's own group, which names it.
    pub identity: String,
    /// When it began.
    pub started: SystemTime,
}

/// The answer of `/api/v1/status`; times are Unix seconds, durations seconds.
#[derive(Debug, Serialize)]
pub struct Status {
    identity: String,
    version: &'static str,
    started_time_seconds: f64,
    settings: Settings,
    targets: Vec<Target>,
    endpoints: Vec<Endpoint>,
    receivers: Vec<Receiver>,
    events: Vec<Event>,
}

/// What became of the settings since.
#[derive(Debug, Serialize)]
struct Settings {
    /// Whether the last reload worked; so does the start.
    last_reload_successful: bool,
    /// When those in effect were read.
    read_time_seconds: f64,
}

impl Sources {
    /// Everything now.
    pub fn now(&self) -> Status {
        let own = self.stats.page();
        let targets = self.pull.newest().iter().map(|snapshot| Target::of(snapshot, &self.events)).collect();
        let endpoints = self.intakes.all();
        let endpoints = endpoints.iter().map(|intake| Endpoint::of(intake, &own, &self.events)).collect();
        let receivers = self.intakes.receivers();
        let receivers = receivers.iter().map(|one| Receiver::of(one, &own, &self.events)).collect();
        Status {
            identity: self.identity.clone(),
            version: env!("CARGO_PKG_VERSION"),
            started_time_seconds: unix(self.started),
            settings: Settings {
                last_reload_successful: single(&own, "pushpull_agent_config_last_reload_successful") > 0.0,
                read_time_seconds: single(
                    &own,
                    "pushpull_agent_config_last_reload_success_timestamp_seconds",
                ),
            },
            targets,
            endpoints,
            receivers,
            events: self.events.all(),
        }
    }

    /// The page for people.
    pub fn page(&self) -> String {
        page::page(&self.now(), unix(SystemTime::now()))
    }
}

fn unix(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The value of one of the agent's own metrics that has no labels.
fn single(own: &Page, name: &str) -> f64 {
    own.samples().find(|sample| sample.name() == name).map_or(0.0, |sample| sample.value())
}

/// All together: 0, and not the -0 of an empty `sum`, where there is none.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// The value of one of the agent's own series.
fn value(own: &Page, name: &str, endpoint: &str) -> Option<f64> {
    let mut samples = own.samples();
    let sample = samples.find(|sample| {
        sample.name() == name && sample.label("endpoint").is_some_and(|label| label == endpoint)
    })?;
    Some(sample.value())
}
