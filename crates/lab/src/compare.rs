//! Push versus pull, measured over real processes.
//!
//! What it is about:
//! - [`scenario`]: what is done, as data: cohorts of instances, faults, the network
//! - [`path`]: by which ways the same instances are watched at once
//! - [`observed`]: what one run saw, before anything is computed from it
//! - [`measure`]: from what was seen to figures, and what theory says of them
//! - [`results`]: what is kept: one documented JSON format for all that the lab measures
//! - [`diff`]: what changed between two files of results, beyond noise
//!
//! How one run goes:
//! - [`schedule`]: a scenario and a seed become births, lifetimes and exits; [`events`]: what else happens
//! - [`stage`]: where it plays: network namespaces with a wire between them, or the loopback
//! - [`watchers`]: the gateways and the Prometheus servers, one for each way
//! - [`cast`], [`pod`], [`client`]: one instance with its agents and its load, from birth to exit
//! - [`play`], `direction`: all of it together, by the scenario's clock
//! - [`poll`], [`observe`]: what a user would see meanwhile and afterwards
//! - [`costs`], [`bill`]: what processes used, and what each way cost
//!
//! How many go:
//! - [`command`], [`arguments`]: what is asked for; [`plan`], [`mod@lanes`]: in which order, and what beside what
//! - [`record`]: the file that grows with each run; [`machine`]: where it was made; [`progress`]

pub mod arguments;
pub mod bill;
pub mod cast;
pub mod client;
pub mod command;
pub mod costs;
pub mod diff;
mod direction;
pub mod events;
pub mod lanes;
pub mod machine;
pub mod measure;
pub mod observe;
pub mod observed;
mod offspring;
pub mod path;
pub mod plan;
pub mod play;
pub mod pod;
pub mod poll;
pub mod progress;
pub mod record;
pub mod results;
pub mod scenario;
pub mod schedule;
pub mod stage;
pub mod watchers;

/// How many scenarios run at once where nothing else is said: with six ways to be watched at once, and a Prometheus
/// for each, one of them keeps two cores busy.
pub fn lanes() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2).clamp(1, 4)
}

/// The same with `--quick`, which waits for Prometheus most of its time.
pub const LANES_QUICK: usize = 3;
