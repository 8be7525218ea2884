//! What is done to instances, as data. Seconds are of the scenario's clock; `Times` turns intervals into them.

mod list;

use serde::{Deserialize, Serialize};

use super::path::Path;

pub use self::list::{full, quick, tiny};

/// One scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name on the command line and in results.
    pub name: &'static str,
    /// What it answers, in one sentence.
    pub question: &'static str,
    /// By which ways the instances are watched.
    pub paths: Vec<Path>,
    /// Who lives when.
    pub cohorts: Vec<Cohort>,
    /// What else happens.
    pub faults: Vec<Fault>,
    /// Between the instances and everything else.
    pub network: Network,
    /// How long instances are born and live.
    pub seconds: f64,
    /// How long it is watched after that; at least 2 S + 1.
    pub hold: f64,
    /// Whether nothing may run beside it, since it measures costs.
    pub alone: bool,
    /// Whether it takes a lane of its own beside all others, since it mostly waits.
    pub beside: bool,
}

/// The intervals of all scenarios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Times {
    /// Between two scrapes.
    pub scrape: f64,
    /// Between two pushes.
    pub push: f64,
    /// Prometheus' `--query.lookback-delta`.
    pub lookback: f64,
    /// The lifetime of a group at our gateway.
    pub lifetime: f64,
    /// Events a second at each instance.
    pub rate: f64,
}

/// Instances that live alike.
#[derive(Debug, Clone)]
pub struct Cohort {
    /// Its name in results: `2s-kill`.
    pub name: String,
    /// How many.
    pub pods: usize,
    /// When they are born.
    pub birth: Birth,
    /// How long they live; none: until the end.
    pub life: Option<Life>,
    /// How they end.
    pub exit: Exit,
    /// Whether all have one identity, as replicas that were told the same name.
    pub one_identity: bool,
}

/// When a cohort's instances are born.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Birth {
    /// All at this time.
    At(f64),
    /// Uniform over this window, seeded.
    Over(f64, f64),
    /// One after the other.
    Every {
        /// The first.
        first: f64,
        /// Between two.
        step: f64,
    },
}

/// How long a cohort's instances live.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Life {
    /// All as long.
    For(f64),
    /// Uniform between two, seeded: exits fall anywhere between two scrapes.
    Between(f64, f64),
}

/// How an instance ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// It doesn't, before the run does.
    #[default]
    Stay,
    /// SIGKILL to the app and its agents.
    Kill,
    /// SIGTERM to both: the app serves no events any more and keeps `/metrics` for 0.3 s; the agent scrapes and flushes.
    Term,
    /// SIGKILL to the app; its agents live on.
    AppKill,
    /// SIGKILL to the agents; the app lives on.
    AgentKill,
    /// SIGTERM to both; the app keeps `/metrics` for S + 0.5 s.
    Linger,
}

/// What happens beside births and exits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// All gateways get SIGKILL, and are started again.
    GatewaysDown {
        /// When.
        at: f64,
        /// Started again after so long.
        seconds: f64,
    },
    /// All packets between instances and the rest are dropped.
    LinkCut {
        /// When.
        at: f64,
        /// For so long.
        seconds: f64,
    },
}

/// The network between the instances and everything else. All but `Plain` need root and namespaces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Network {
    /// As it is: namespaces with a link where root may make them, so that bytes can be counted, else the loopback.
    Plain,
    /// Instances reach out through masquerading; nothing reaches them.
    Nat,
    /// Packets are dropped at random both ways, and the link is slow.
    Bad {
        /// Share of packets dropped, 0 to 1.
        loss: f64,
        /// Kilobits a second.
        kilobits: u32,
    },
}

impl Network {
    /// Whether it can be made only by root.
    pub const fn needs_root(self) -> bool {
        !matches!(self, Self::Plain)
    }
}
