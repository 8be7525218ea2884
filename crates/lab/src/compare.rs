//! Push versus pull, measured over real processes.
//!
//! - [`scenario`]: what is done, as data: cohorts of instances, faults, the network
//! - [`path`]: by which ways the same instances are watched at once
//! - [`observed`]: what one run saw, before anything is computed from it
//! - [`results`]: what is kept: one documented JSON format for all that the lab measures
//! - [`stage`]: where a scenario plays: network namespaces with a wire between them, or the loopback
//! - [`watchers`]: the gateways and the Prometheus servers, one for each way

pub mod observed;
pub mod path;
pub mod results;
pub mod scenario;
pub mod stage;
pub mod watchers;
