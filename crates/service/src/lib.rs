//! How a binary of this workspace starts and stops.
//!
//! - [`config`]: settings from defaults, a TOML file, the environment and flags, with every mistake named at once
//! - [`logs`], [`stop`]: logging to standard error, signals, draining with a deadline
//! - [`server`]: the one accept loop that every listener here runs in
//! - [`body`], [`negotiate`]: bounded bodies, content types and gzip
//! - [`web`]: TLS and users of a listener, in the file format of Prometheus' own programs
//! - [`client`], [`crypto`]: HTTP clients that work without CA files, and the TLS provider
//! - [`apart`]: files that may hang, read apart from everything else
//! - [`health`]: what a container's health check runs
//! - [`summary`]: quantiles over a sliding window; [`instruments`]: what a registry is told of
//! - [`process`]: the `process_*` and build metrics that all our programs expose
//! - [`resident`]: text of a program that only its start needed

pub mod apart;
pub mod body;
pub mod client;
pub mod config;
pub mod crypto;
pub mod health;
pub mod instruments;
pub mod logs;
pub mod negotiate;
mod pem;
pub mod process;
pub mod resident;
pub mod server;
pub mod stop;
pub mod summary;
pub mod web;
