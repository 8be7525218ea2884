//! The agent beside vmagent and Prometheus in agent mode, all by remote write, on the same targets in one run.
//!
//! CPU is that of the measured process alone, as the kernel counts it for its threads; targets and receiver are
//! this process', and what arrives is counted here: samples, bytes, requests, connections. A figure is the
//! median over rounds, a ratio is made within a round. Prints tables and, with `--json FILE`, writes all raw
//! figures. `--quick` looks whether everything works, `--only SECTION` runs one.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and may end where it cannot go on"
)]

#[path = "remote_write/cost.rs"]
mod cost;
#[allow(dead_code, reason = "what the other bench takes of it")]
#[path = "agent/double.rs"]
mod double;
#[path = "agent/figures.rs"]
mod figures;
#[path = "remote_write/fleet.rs"]
mod fleet;
#[path = "remote_write/floor.rs"]
mod floor;
#[path = "remote_write/kills.rs"]
mod kills;
#[path = "remote_write/memory.rs"]
mod memory;
#[path = "agent/page.rs"]
mod page;
#[allow(dead_code, reason = "what the other bench takes of it")]
#[path = "agent/peers.rs"]
mod peers;
#[path = "agent/written.rs"]
mod written;

use std::fmt::Write;
use std::process::ExitCode;

/// How long everything may take, and where raw figures go.
pub(crate) struct Run {
    pub(crate) quick: bool,
    report: String,
}

impl Run {
    pub(crate) fn note(&mut self, what: &str, values: &[f64]) {
        writeln!(self.report, "{{\"what\":\"{what}\",\"values\":{values:?}}}").unwrap();
    }
}

/// What may be asked for by name.
type Section = (&'static str, fn(&mut Run));

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--receiver") {
        fleet::receive();
        return ExitCode::SUCCESS;
    }
    let after = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    if let Err(missing) = peers::check() {
        eprintln!("{missing}");
        return ExitCode::FAILURE;
    }
    let mut run =
        Run { quick: arguments.iter().any(|argument| argument == "--quick"), report: String::new() };
    let sections: [Section; 5] = [
        ("cost", cost::measure),
        ("memory", memory::measure),
        ("floor", floor::measure),
        ("kills", kills::measure),
        ("fleet", fleet::measure),
    ];
    let only = after("--only");
    for (name, measure) in sections {
        if only.is_none_or(|only| only == name) {
            measure(&mut run);
        }
    }
    if let Some(file) = after("--json") {
        std::fs::write(file, run.report).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    }
    ExitCode::SUCCESS
}
