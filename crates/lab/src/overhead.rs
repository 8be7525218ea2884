//! What instrumentation costs: with and without it, in turn, over real processes.
//!
//! - [`serve`]: our API as a child of the lab, with all its instruments or with none
//! - [`python`]: the article's app, and a Python that can run it
//! - [`server`], [`cpu`]: a process that is measured, and the CPU time that the kernel counts for it
//! - [`mod@slice`]: one load on one server; [`rounds`], [`apps`]: with and without in turn
//! - [`beside`]: an agent beside the API, at intervals
//! - [`steps`]: what is measured, put together; [`command`], [`arguments`]: what is asked for, and how long it takes
//! - [`report`]: what came of it, beside the article's claim
//!
//! All ratios and differences are made within a round, so that a machine that is busy for a while is no
//! difference; a figure is their median, with a 95 % interval by drawing rounds again (seeded).

pub mod apps;
pub mod arguments;
pub mod beside;
pub mod command;
pub mod cpu;
pub mod python;
pub mod report;
pub mod rounds;
pub mod serve;
pub mod server;
pub mod slice;
pub mod steps;
