//! What the agent promises, one module a promise.
#![allow(clippy::unwrap_used, reason = "a failed test helper is a failed test")]

mod bad_gateways;
mod bad_targets;
mod certificates;
mod discovery;
mod doctor;
mod doubles;
mod ending;
mod exec;
mod exit_file;
mod failover;
mod faults;
mod faults_doubles;
mod faults_host;
mod faults_memory;
mod faults_ways;
mod fleet;
mod flow;
mod flush;
mod host;
mod hostile;
mod identity;
mod last_breath;
mod left;
mod listed;
mod lists;
mod names;
mod nat;
mod network;
mod once;
#[path = "../../../crates/exposition/tests/exposition/peers.rs"]
#[allow(dead_code, reason = "shared with the tests of exposition, which use all of it")]
mod peers;
mod probe;
mod probe_ways;
mod process;
mod proxies;
mod proxy_doubles;
mod pulls;
mod reap;
mod refusals;
mod relabel_settings;
mod relabelling;
mod relabelling_rows;
mod reload;
mod reload_found;
mod reload_listener;
mod reload_load;
mod reload_parts;
mod rivals;
mod scraping;
mod secrets;
mod settings;
mod status;
mod textfile;
mod web_config;
