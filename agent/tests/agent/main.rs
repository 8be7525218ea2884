//! What the agent promises, one module a promise.
#![allow(clippy::unwrap_used, reason = "a failed test helper is a failed test")]

mod bad_gateways;
mod bad_targets;
mod discovery;
mod doctor;
mod doubles;
mod ending;
mod exec;
mod flow;
mod flush;
mod host;
mod left;
mod network;
mod once;
#[path = "../../../crates/exposition/tests/exposition/peers.rs"]
#[allow(dead_code, reason = "shared with the tests of exposition, which use all of it")]
mod peers;
mod probe;
mod process;
mod pulls;
mod refusals;
mod reload;
mod reload_load;
mod reload_parts;
mod scraping;
mod secrets;
mod settings;
