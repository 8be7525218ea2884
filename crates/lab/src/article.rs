//! The article's own results, measured again: its four scenarios, its claims, for its app and for ours.
//!
//! Its load test waits for each batch of answers, so that it never sent the rates in its text. Each scenario is
//! therefore run three times: by the article's script, by our open loop at the rate that the text asks for, and
//! by our open loop at the rate that the script really reached.
//!
//! - [`app`]: the two apps as processes
//! - [`loads`]: one load on one app, as figures
//! - `instances`: several instances under one Prometheus
//! - [`claims`]: what the article says beside what was measured
//! - [`command`]: the command

pub mod app;
pub mod claims;
pub mod command;
mod instances;
pub mod loads;
