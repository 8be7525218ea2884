//! Everything of ours in one terminal, over real processes, and a load generator.
//!
//! - [`demo`]: gateway, API, agent, a light load and Prometheus, started, watched, and stopped together
//! - [`native`]: the whole stack without containers, from Debian's packages
//! - [`crew`]: what both stand on: children in order, one death ends all, the agent stops first
//! - [`process`]: children with one merged log, which never outlive the lab
//! - [`ports`]: which ports the parts take, and who has them already
//! - [`programs`]: where our binaries and other people's programs are
//! - [`settings`]: the agent's settings as the lab writes them
//! - [`watch`]: the table of where to look, and the API's counter on its way
//! - [`prometheus`]: a client for Prometheus' HTTP API
//! - [`load`]: the load generator: requests at planned times
//! - [`compare`]: push versus pull, measured
//! - [`report`]: what was measured, for readers
//! - [`overhead`]: what instruments and an agent cost
//! - [`article`]: the article's results, done again
//! - [`subject`]: a server that is measured; [`figure`]: figures from rounds; `python`: what runs the article's programs

/// The exit code after a signal, as shells have it for SIGINT: 128 and its number.
pub(crate) const INTERRUPTED: u8 = 130;

pub mod article;
pub mod compare;
pub mod crew;
pub mod demo;
pub mod figure;
pub mod load;
pub mod native;
pub mod overhead;
pub mod ports;
pub mod process;
pub mod programs;
pub mod prometheus;
mod python;
pub mod report;
pub mod settings;
pub mod subject;
pub mod watch;
