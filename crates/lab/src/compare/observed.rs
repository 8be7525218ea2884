//! What one run of a scenario saw. Times are Unix seconds, from one clock: all processes share the machine.

use super::path::Path;
use super::scenario::Exit;

/// Everything that is measured is computed from this, afterwards.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Seconds between two scrapes.
    pub scrape_interval: f64,
    /// Seconds between two pushes of an agent.
    pub push_interval: f64,
    /// Seconds without a sample after which Prometheus forgets a series.
    pub lookback: f64,
    /// When the scenario's clock began; births and faults are relative to it.
    pub began: f64,
    /// The last poll's end.
    pub ended: f64,
    /// The ways that took part.
    pub paths: Vec<Path>,
    /// All instances, also those that answered nothing.
    pub pods: Vec<Pod>,
    /// What was asked each 0.25 s, oldest first.
    pub polls: Vec<Poll>,
    /// The raw samples at the end: `metric[range]`, at least 2 S + 1 s after the last exit.
    pub raw: Vec<Raw>,
    /// `rate(x[2S])` over the window around the faults, each second: what a user sees afterwards.
    pub rates: Vec<Rates>,
    /// What moved and what it cost, over the time in which all cohorts ran.
    pub costs: Vec<Cost>,
    /// Faults as they happened.
    pub faults: Vec<Happened>,
    /// What a reader has to know of this run.
    pub notes: Vec<String>,
}

/// An instance: the app, its client, and one agent for each way that needs one.
#[derive(Debug, Clone, Default)]
pub struct Pod {
    /// Its cohort's place in the scenario.
    pub cohort: usize,
    /// When its processes were started.
    pub born: f64,
    /// The signal's time (linger: the linger's end) and which; none: it lived to the end.
    pub exited: Option<(f64, Exit)>,
    /// When each event was written to the truth file.
    pub truth: Vec<f64>,
}

/// One poll of one Prometheus.
#[derive(Debug, Clone)]
pub struct Poll {
    /// Whose.
    pub path: Path,
    /// When it was asked.
    pub began: f64,
    /// When the answer was there.
    pub ended: f64,
    /// What it returned; an instance that it did not return is not in here.
    pub seen: Vec<Seen>,
}

/// One instance in one poll.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Its place in [`Observed::pods`].
    pub pod: usize,
    /// The counter, as a plain instant query returns it.
    pub value: Option<f64>,
    /// `up` of the instance: the scrape's own, or the one that the agent pushed.
    pub up: Option<f64>,
    /// `push_time_seconds` of its group.
    pub pushed: Option<f64>,
}

/// The samples of one instance by one way.
#[derive(Debug, Clone)]
pub struct Raw {
    /// Which way.
    pub path: Path,
    /// The instance's place in [`Observed::pods`].
    pub pod: usize,
    /// Time and value, oldest first.
    pub samples: Vec<(f64, f64)>,
    /// PromQL `increase(metric[range])` at the same moment; none: it returned nothing.
    pub increase: Option<f64>,
}

/// The rate that a user sees afterwards.
#[derive(Debug, Clone)]
pub struct Rates {
    /// Which way.
    pub path: Path,
    /// The instance's place in [`Observed::pods`].
    pub pod: usize,
    /// Time and `rate()`; steps without a result are left out.
    pub points: Vec<(f64, f64)>,
}

/// What one way cost.
#[derive(Debug, Clone)]
pub struct Cost {
    /// Which way; none for what all share: the apps.
    pub path: Option<Path>,
    /// For how many seconds it was counted.
    pub seconds: f64,
    /// Instances alive then, on average.
    pub pods: f64,
    /// Bytes of both hops with Ethernet headers; none where counting needs root.
    pub bytes: Option<f64>,
    /// Scrapes and pushes of both hops.
    pub requests: Option<f64>,
    /// `app`, `agent`, `gateway`, `prometheus`: seconds of CPU (user and system) of all its processes.
    pub cpu: Vec<(&'static str, f64)>,
    /// The same names: resident bytes of all its processes at the end of the time.
    pub memory: Vec<(&'static str, f64)>,
}

/// A fault, as it happened.
#[derive(Debug, Clone)]
pub struct Happened {
    /// `gateways down`, `link cut`, …
    pub what: String,
    /// From when.
    pub from: f64,
    /// Until when.
    pub until: f64,
}
