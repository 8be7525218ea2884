//! The agent beside vmagent, `node_exporter` and Prometheus in agent mode, on the same targets in one run.
//!
//! CPU is that of the measured process alone, as the kernel counts it for its threads; the targets and the
//! receiver are this process'. Peers do what they do: vmagent and Prometheus write by remote write, ours
//! pushes groups. A figure is the median over rounds, a ratio is made within a round. Prints a table and, with
//! `--json FILE`, writes all raw figures.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and may end where it cannot go on"
)]

#[allow(dead_code, reason = "what remote write takes of it")]
#[path = "agent/double.rs"]
mod double;
#[path = "agent/figures.rs"]
mod figures;
#[path = "agent/page.rs"]
mod page;
#[allow(dead_code, reason = "what remote write takes of it")]
#[path = "agent/peers.rs"]
mod peers;
#[path = "agent/written.rs"]
mod written;

use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use double::Double;
use figures::{median, until, verdict};
use peers::{Ask, Kind, Running};

type Note<'a> = &'a mut dyn FnMut(&str, &[f64]);

fn main() -> ExitCode {
    let file = std::env::args().skip_while(|argument| argument != "--json").nth(1);
    if let Err(missing) = peers::check() {
        eprintln!("{missing}");
        return ExitCode::FAILURE;
    }
    let double = Double::start();
    let mut report = String::new();
    let mut note = |what: &str, values: &[f64]| {
        writeln!(report, "{{\"what\":\"{what}\",\"values\":{values:?}}}").unwrap();
    };
    first_push(&double, &mut note);
    idle(&double, &mut note);
    work(&double, &mut note);
    many(&double, &mut note);
    if let Some(file) = file {
        std::fs::write(&file, report).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    }
    ExitCode::SUCCESS
}

/// From the start of the process to its first page at the receiver.
fn first_push(double: &Double, note: Note<'_>) {
    let ask = Ask { targets: 1, series: 50, interval: 15_000, host: true };
    let times: Vec<f64> = (0..15)
        .map(|_| {
            let before = double.received();
            let began = Instant::now();
            let running = Running::start(Kind::Ours, &ask, double);
            until("a push", || double.received() > before);
            let took = began.elapsed().as_secs_f64() * 1e3;
            drop(running);
            took
        })
        .collect();
    println!(
        "start to the first push, ms {:>31.0}  goal 200: {}",
        median(&times),
        verdict(median(&times) < 200.0)
    );
    note("start to first push, ms", &times);
}

/// Memory with little to do.
fn idle(double: &Double, note: Note<'_>) {
    let ask = Ask { targets: 1, series: 50, interval: 1_000, host: true };
    println!("\nresident MiB, one target of 50 series, host metrics, after 20 readings");
    let mut found = Vec::new();
    for kind in [Kind::Ours, Kind::NodeExporter, Kind::Vmagent, Kind::Prometheus] {
        let running = Running::start(kind, &ask, double);
        rounds(double, kind, &running, 20);
        let resident = running.resident();
        println!("  {:<40} {resident:>14.1}", kind.name());
        note(&format!("resident MiB, {}", kind.name()), &[resident]);
        found.push(resident);
    }
    let half = found[0] / found[1];
    println!(
        "  goal 10 MiB: {}; goal half of node_exporter ({half:.2}): {}",
        verdict(found[0] < 10.0),
        verdict(half < 0.5)
    );
}

/// CPU of a reading and what follows from it.
fn work(double: &Double, note: Note<'_>) {
    const ROUNDS: usize = 5;
    let ask = Ask { targets: 1, series: 1_000, interval: 500, host: false };
    println!("\nCPU of reading 1,000 series and sending them, µs");
    let kinds = [Kind::Ours, Kind::Vmagent, Kind::Prometheus];
    let mut all = kinds.map(|_| Vec::new());
    for round in 0..ROUNDS {
        for place in 0..kinds.len() {
            let at = (place + round) % kinds.len();
            let running = Running::start(kinds[at], &ask, double);
            // What a start costs is not what is asked for.
            rounds(double, kinds[at], &running, 4);
            let (before, scrapes) = (running.cpu(), double.scraped());
            rounds(double, kinds[at], &running, 20);
            let spent = running.cpu() - before;
            all[at].push(spent * 1e6 / (double.scraped() - scrapes) as f64);
        }
    }
    for (kind, values) in kinds.iter().zip(&all) {
        println!("  {:<40} {:>14.0}", kind.name(), median(values));
        note(&format!("CPU of 1,000 series, µs, {}", kind.name()), values);
    }
    let ratios: Vec<f64> = all[0].iter().zip(&all[1]).map(|(ours, theirs)| ours / theirs).collect();
    println!("  of vmagent's {:>42.2}  goal 0.33: {}", median(&ratios), verdict(median(&ratios) < 1.0 / 3.0));
}

/// A thousand targets of a thousand series.
fn many(double: &Double, note: Note<'_>) {
    let ask = Ask { targets: 1_000, series: 1_000, interval: 15_000, host: false };
    println!("\n1,000 targets of 1,000 series, each 15 s");
    for kind in [Kind::Ours, Kind::Vmagent] {
        let running = Running::start(kind, &ask, double);
        // All read once, and then two intervals that count.
        let first = double.scraped();
        until("each target's first reading", || double.scraped() >= first + 1_000);
        let (before, scrapes, began) = (running.cpu(), double.scraped(), Instant::now());
        until("two intervals", || began.elapsed() > Duration::from_secs(30));
        let cores = (running.cpu() - before) / began.elapsed().as_secs_f64();
        let kept = (double.scraped() - scrapes) as f64 / 2_000.0;
        let resident = running.resident();
        println!(
            "  {:<30} {cores:>6.2} cores, {resident:>7.0} MiB, {:.0} % of readings in time",
            kind.name(),
            kept * 100.0
        );
        note(
            &format!("1,000 targets, cores, MiB, share of readings, {}", kind.name()),
            &[cores, resident, kept],
        );
        if kind == Kind::Ours {
            println!("  goal one core: {}", verdict(cores < 1.0 && kept > 0.98));
        }
    }
}

/// Waits for so many more readings.
fn rounds(double: &Double, kind: Kind, running: &Running, count: u64) {
    let before = double.scraped();
    if kind == Kind::NodeExporter {
        (0..count).for_each(|_| running.scrape());
        return;
    }
    until("readings", || double.scraped() >= before + count);
}
