//! The load generator beside wrk and oha, on the same servers in one run.
//!
//! Each round runs every tool once, in turn; a ratio is made within a round and its median shown. Tools run
//! on the first processor and servers on the second, so that a figure is that of one core. Prints a table
//! and, with `--json FILE`, writes all raw figures.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and may end where it cannot go on"
)]

#[path = "load/server.rs"]
mod server;
#[path = "load/tools.rs"]
mod tools;

use std::fmt::Write;
use std::process::ExitCode;

use server::Server;
use tools::{Run, Tool};

const ROUNDS: usize = 7;

fn main() -> ExitCode {
    let file = std::env::args().skip_while(|argument| argument != "--json").nth(1);
    if let Err(missing) = tools::check() {
        eprintln!("{missing}");
        return ExitCode::FAILURE;
    }
    let mut report = String::new();
    let mut note = |what: &str, values: &[f64]| {
        writeln!(report, "{{\"what\":\"{what}\",\"values\":{values:?}}}").unwrap();
    };
    top_rate(&mut note);
    freezes(&mut note);
    pace(&mut note);
    if let Some(file) = file {
        std::fs::write(&file, report).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    }
    ExitCode::SUCCESS
}

fn top_rate(note: &mut impl FnMut(&str, &[f64])) {
    const TOOLS: [Tool; 3] = [Tool::Ours, Tool::Oha, Tool::Wrk];
    let server = Server::start(None);
    let ask = Run { rate: None, connections: 64, seconds: 2, corrected: false };
    let mut rates = TOOLS.map(|_| Vec::new());
    let mut cpu = Vec::new();
    for round in 0..=ROUNDS {
        // Who goes first alternates, and the first round warms up.
        for place in 0..TOOLS.len() {
            let at = (place + round) % TOOLS.len();
            let got = TOOLS[at].run(&server, &ask);
            if round > 0 {
                rates[at].push(got.rate);
                cpu.extend(got.cpu_us);
            }
        }
    }
    println!("as fast as it goes, 64 connections, one core each: requests a second");
    for (tool, rates) in TOOLS.iter().zip(&rates) {
        println!("  {:<24} {:>9.0}", tool.name(), median(rates));
        note(&format!("top rate, {}, requests a second", tool.name()), rates);
    }
    let ratio = |other: usize| {
        let ratios: Vec<f64> =
            rates[0].iter().zip(&rates[other]).map(|(ours, theirs)| ours / theirs).collect();
        median(&ratios)
    };
    let (oha, wrk) = (ratio(1), ratio(2));
    println!("  against oha {oha:>21.2}x  goal 0.8 (aim 1.0): {}", verdict(oha >= 0.8));
    println!("  against wrk {wrk:>21.2}x  aim 0.75: {}", verdict(wrk >= 0.75));
    println!("  own CPU, us a request {:>11.1}  aim 12: {}", median(&cpu), verdict(median(&cpu) <= 12.0));
    note("own CPU, us a request", &cpu);
}

/// A tenth of all requests meets a freeze, and waits from 200 ms down to nothing: p99 180, mean 10 ms.
fn freezes(note: &mut impl FnMut(&str, &[f64])) {
    println!("\n200/s for 20 s, the server freezes for 0.2 s every 2 s: ms (truth: p99 180, mean 10)");
    let server = Server::start(Some(server::Freeze));
    for (tool, connections, rate, corrected) in [
        (Tool::Ours, 1, Some(200), false),
        (Tool::Ours, 10, Some(200), false),
        (Tool::Ours, 100, Some(200), false),
        (Tool::Oha, 1, Some(200), false),
        (Tool::Oha, 1, Some(200), true),
        (Tool::Wrk, 10, None, false),
    ] {
        let got = tool.run(&server, &Run { rate, connections, seconds: 20, corrected });
        let flag = if corrected { " corrected" } else { "" };
        let how = if rate.is_some() { "" } else { " closed loop" };
        let name = format!("{}{flag}{how}, {connections} connection(s)", tool.name());
        let judged = if matches!(tool, Tool::Ours) { verdict((got.p99 - 180.0).abs() <= 5.0) } else { "" };
        println!("  {name:<36} p99 {:>6.1}  mean {:>5.1}  {judged}", got.p99, got.mean);
        note(&format!("freeze, {name}, p99 and mean, ms"), &[got.p99, got.mean]);
    }
}

fn pace(note: &mut impl FnMut(&str, &[f64])) {
    println!("\nevenness of arrivals: deviation of the gaps as a share of their mean (aim 0.2)");
    let server = Server::start(None);
    for rate in [200, 5_000] {
        for tool in [Tool::Ours, Tool::Oha] {
            let mut values = Vec::new();
            let mut late = Vec::new();
            for _ in 0..5 {
                server.arrivals();
                let ask = Run { rate: Some(rate), connections: 10, seconds: 3, corrected: false };
                late.extend(tool.run(&server, &ask).late_ms);
                values.push(deviation(&server.arrivals()));
            }
            let name = format!("{} at {rate}/s", tool.name());
            let own = if late.is_empty() {
                String::new()
            } else {
                note(&format!("own lateness, {name}, p99, ms"), &late);
                format!("  own lateness p99 {:.3} ms (aim 0.2)", median(&late))
            };
            println!("  {name:<28} {:>6.2}{own}", median(&values));
            note(&format!("gaps, {name}, deviation by mean"), &values);
        }
    }
}

fn deviation(arrivals: &[std::time::Instant]) -> f64 {
    let gaps: Vec<f64> = arrivals.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    variance.sqrt() / mean
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
