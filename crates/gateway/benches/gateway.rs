//! Our gateway beside the real Pushgateway, with its consistency check and without, on the same pushes.
//!
//! CPU is that of the measured process alone, as the kernel counts it: the machine may do other things. All
//! kinds take turns in each round, a figure is the median over rounds, and a ratio is made within a round.
//! The real one is filled with its check off, for with it that alone takes minutes, and begins from what
//! that one saved. Prints a table and, with `--json FILE`, writes all raw figures.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and may end where it cannot go on"
)]

#[path = "gateway/peers.rs"]
mod peers;
#[path = "gateway/pusher.rs"]
mod pusher;

use std::fmt::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use peers::{ALL, Kind, Running};

type Note<'a> = &'a mut dyn FnMut(&str, &[f64]);

const MANY: usize = 100_000 / pusher::SERIES;
const FEW: usize = 1_000 / pusher::SERIES;

fn main() -> ExitCode {
    let file = std::env::args().skip_while(|argument| argument != "--json").nth(1);
    if let Err(missing) = peers::check() {
        eprintln!("{missing}");
        return ExitCode::FAILURE;
    }
    let mut report = String::new();
    let mut note = |what: &str, values: &[f64]| {
        writeln!(report, "{{\"what\":\"{what}\",\"values\":{values:?}}}").unwrap();
    };
    memory(&mut note);
    for groups in [FEW, MANY] {
        let running = filled(groups);
        pushes(&running, groups, &mut note);
        if groups == MANY {
            scrapes(&running, &mut note);
            pushes_while_scraped(&running, groups, &mut note);
        }
    }
    agents(&mut note);
    if let Some(file) = file {
        std::fs::write(&file, report).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    }
    ExitCode::SUCCESS
}

/// One of each kind with so many groups.
fn filled(groups: usize) -> [Running; 3] {
    let file = std::env::temp_dir().join(format!("bench-gateway-{}", std::process::id()));
    let running = Running::start(Kind::Unchecked, Some(&file));
    pusher::fill(running.port, groups, 0);
    running.end();
    let running = ALL.map(|kind| Running::start(kind, Some(&file)));
    pusher::fill(running[0].port, groups, 0);
    let _ = std::fs::remove_file(&file);
    running
}

/// Resident bytes a series, fresh and after all were replaced.
fn memory(note: Note<'_>) {
    println!("resident memory: empty, then bytes a series with 100,000 held, and with all replaced once");
    let mut found = Vec::new();
    for kind in [Kind::Ours, Kind::Unchecked] {
        let running = Running::start(kind, None);
        let empty = running.resident();
        let a_series = |resident: f64| (resident - empty) / (MANY * pusher::SERIES) as f64;
        pusher::fill(running.port, MANY, 0);
        let fresh = running.resident();
        pusher::fill(running.port, MANY, 1);
        let replaced = running.resident();
        println!(
            "  {:<24} {:>5.1} MiB, {:>5.0} B, {:>5.0} B",
            kind.name(),
            empty / 1_048_576.0,
            a_series(fresh),
            a_series(replaced)
        );
        note(&format!("resident bytes: empty, filled, replaced; {}", kind.name()), &[empty, fresh, replaced]);
        found.push((empty, a_series(fresh), a_series(replaced), replaced / fresh));
    }
    let (ours, real) = (found[0], found[1]);
    println!(
        "  ours of the real one's: fresh {:.2}, replaced {:.2} (goal 0.25); growth {:.0} % (goal 10 %)\n",
        ours.1 / real.1,
        ours.2 / real.2,
        (ours.3 - 1.0) * 100.0
    );
}

/// Pushes a second, and CPU a push.
fn pushes(running: &[Running; 3], groups: usize, note: Note<'_>) {
    const ROUNDS: usize = 3;
    let series = groups * pusher::SERIES;
    for connections in [1, 16] {
        println!("pushes of {} series while {series} are held, {connections} connections", pusher::SERIES);
        let mut rates = ALL.map(|_| Vec::new());
        let mut costs = ALL.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (at, running) in running.iter().enumerate() {
                let (cpu, began) = (running.cpu(), Instant::now());
                let pushes = pusher::storm(running.port, groups, connections, Duration::from_secs(3)).len();
                rates[at].push(pushes as f64 / began.elapsed().as_secs_f64());
                costs[at].push((running.cpu() - cpu) * 1e6 / pushes as f64);
            }
        }
        for (at, kind) in ALL.iter().enumerate() {
            let (rate, cost) = (median(&rates[at]), median(&costs[at]));
            println!(
                "  {:<24} {rate:>8.0} a second, {cost:>8.0} µs CPU; ours: {:.1}×, CPU {:.1}×",
                kind.name(),
                ratio(&rates[0], &rates[at]),
                ratio(&costs[at], &costs[0])
            );
            let what = format!("{connections} connections, {series} series held, {}", kind.name());
            note(&format!("pushes a second, {what}"), &rates[at]);
            note(&format!("CPU of a push, µs, {what}"), &costs[at]);
        }
        println!();
    }
}

/// Time and CPU of `/metrics`.
fn scrapes(running: &[Running; 3], note: Note<'_>) {
    for gzip in [false, true] {
        let form = if gzip { "gzip" } else { "plain" };
        println!("/metrics of 100,000 series, {form}");
        let mut times = ALL.map(|_| Vec::new());
        let mut costs = ALL.map(|_| Vec::new());
        for round in 0..6 {
            for (at, running) in running.iter().enumerate().filter(|(at, _)| ALL[*at] != Kind::Unchecked) {
                let (cpu, began) = (running.cpu(), Instant::now());
                let bytes = running.get("/metrics", gzip).len();
                let took = began.elapsed().as_secs_f64() * 1e3;
                assert!(bytes > 100_000, "{bytes} bytes");
                // The first one finds nothing in the caches.
                if round > 0 {
                    times[at].push(took);
                    costs[at].push((running.cpu() - cpu) * 1e3);
                }
            }
        }
        for at in [0, 1] {
            println!(
                "  {:<24} {:>8.1} ms, {:>8.0} ms CPU",
                ALL[at].name(),
                median(&times[at]),
                costs[at].iter().sum::<f64>() / costs[at].len() as f64
            );
            note(&format!("/metrics, {form}, ms, {}", ALL[at].name()), &times[at]);
            note(&format!("/metrics, {form}, CPU ms, {}", ALL[at].name()), &costs[at]);
        }
        println!("  the real one's time over ours: {:.1}\n", ratio(&times[1], &times[0]));
    }
}

/// How long a push takes while somebody reads all.
fn pushes_while_scraped(running: &[Running; 3], groups: usize, note: Note<'_>) {
    println!("a push alone, and while 100,000 series are scraped all the time, one connection, ms");
    for (kind, running) in ALL.iter().zip(running) {
        let mut all = Vec::new();
        for scraped in [false, true] {
            let stop = AtomicBool::new(!scraped);
            let mut took = std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        running.get("/metrics", false);
                    }
                });
                let took = pusher::storm(running.port, groups, 1, Duration::from_secs(3));
                stop.store(true, Ordering::Relaxed);
                took
            });
            took.sort_by(f64::total_cmp);
            let of = |percent: usize| took[(took.len() - 1) * percent / 100] * 1e3;
            all.extend([of(50), of(99), of(100)]);
        }
        println!("  {:<24} p50, p99, most: {:.2?}, scraped {:.2?}", kind.name(), &all[..3], &all[3..]);
        note(&format!("push while scraped, ms: p50, p99, most; alone, scraped; {}", kind.name()), &all);
    }
    println!();
}

/// Ten thousand agents.
fn agents(note: Note<'_>) {
    println!("10,000 agents that push {} series each 15 s", pusher::SERIES);
    for kind in [Kind::Ours, Kind::Unchecked] {
        let running = Running::start(kind, None);
        let mut from = (0.0, Instant::now());
        let mut late = pusher::agents(running.port, 10_000, Duration::from_secs(15), || {
            from = (running.cpu(), Instant::now());
        });
        let cores = (running.cpu() - from.0) / from.1.elapsed().as_secs_f64();
        late.sort_by(f64::total_cmp);
        let (p50, p99) = (late[late.len() / 2] * 1e3, late[late.len() * 99 / 100] * 1e3);
        let resident = running.resident() / 1_048_576.0;
        println!(
            "  {:<24} {cores:.3} cores, p50 {p50:.1} ms, p99 {p99:.1} ms, {resident:.0} MiB",
            kind.name()
        );
        note(
            &format!("10,000 agents: cores, p50 ms, p99 ms, MiB; {}", kind.name()),
            &[cores, p50, p99, resident],
        );
    }
}

/// The median of ratios made within rounds.
fn ratio(left: &[f64], right: &[f64]) -> f64 {
    median(&left.iter().zip(right).map(|(left, right)| left / right).collect::<Vec<_>>())
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
