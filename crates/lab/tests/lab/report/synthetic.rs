//! Results as a run might have made them: made up, plausible, and only for tests.

use std::collections::BTreeMap;

use lab::compare::measure::theory;
use lab::compare::path::Path;
use lab::compare::results::{Cell, Expected, FORMAT, Figure, Line, Machine, Results, Run};
use lab::compare::scenario::{Exit, Fault, Life, Network, Scenario, full};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// A comparison with three repeats.
pub(super) fn compared() -> Results {
    let (times, scenarios) = full();
    let mut random = SmallRng::seed_from_u64(7);
    let mut runs = Vec::new();
    for repeat in 1..=3 {
        for scenario in &scenarios {
            runs.push(run(scenario, repeat, &mut random));
        }
    }
    let settings = [
        ("quick", "false".to_owned()),
        ("repeat", "3".to_owned()),
        ("scrape_interval_seconds", times.scrape.to_string()),
        ("push_interval_seconds", times.push.to_string()),
        ("events_per_second", times.rate.to_string()),
    ];
    results("compare", &settings.map(|(name, value)| (name.to_owned(), value)), runs)
}

fn results(command: &str, settings: &[(String, String)], runs: Vec<Run>) -> Results {
    let versions = [("prometheus", "2.42.0"), ("pushgateway", "1.5.1"), ("pushpull-lab", "0.1.0")];
    Results {
        format: FORMAT.to_owned(),
        command: command.to_owned(),
        made: "2026-01-02T03:04:05Z".to_owned(),
        machine: Machine {
            processor: "a <processor> | of *tests*".to_owned(),
            cores: 2,
            memory_bytes: 8 << 30,
            kernel: "Linux 6.1".to_owned(),
            system: "Debian 12".to_owned(),
        },
        versions: versions.map(|(name, version)| (name.to_owned(), version.to_owned())).into(),
        settings: settings.iter().cloned().collect(),
        seed: 7,
        runs,
    }
}

fn blank(scenario: &str, repeat: u32) -> Run {
    Run {
        scenario: scenario.to_owned(),
        repeat,
        seed: 70 + u64::from(repeat),
        began: "2026-01-02T03:04:05Z".to_owned(),
        seconds: 60.0,
        load_average: [0.4, 1.2],
        skipped: None,
        notes: Vec::new(),
        cells: Vec::new(),
        lines: Vec::new(),
    }
}

fn run(scenario: &Scenario, repeat: u32, random: &mut SmallRng) -> Run {
    let mut run = blank(scenario.name, repeat);
    if scenario.name == "bad-link" {
        run.skipped = Some("needs root: run it with sudo".to_owned());
        return run;
    }
    for path in ways(scenario) {
        for cohort in &scenario.cohorts {
            let life = match cohort.life {
                None => scenario.seconds,
                Some(Life::For(seconds)) => seconds,
                Some(Life::Between(from, until)) => f64::midpoint(from, until),
            };
            let mut figures = of(path, cohort.exit, life, scenario.network, random);
            if !scenario.faults.is_empty() {
                let (low, high) = if path.pulls() { (0.55, 1.2) } else { (0.0, 3.9) };
                let mut add =
                    |name: &str, value: f64| figures.insert(name.to_owned(), figure(value, 3, 0.02));
                add("rate_min_ratio", low);
                add("rate_max_ratio", high + random.random_range(0.0..0.1));
                add("backfill_ratio", 0.0);
                add("gap_max_seconds", 15.0);
            }
            if cohort.one_identity {
                let factor = if path.pulls() { 1.0 } else { 13.7 };
                figures = BTreeMap::from([
                    ("capture_ratio".to_owned(), figure(if path.pulls() { 0.97 } else { 0.5 }, 2, 0.0)),
                    ("increase_ratio".to_owned(), figure(factor, 2, 0.0)),
                ]);
            }
            run.cells.push(Cell { path: path.name().to_owned(), cohort: cohort.name.clone(), figures });
        }
        run.cells.push(costs(path, random));
    }
    run.lines = lines(scenario);
    run
}

fn figure(value: f64, n: u64, error: f64) -> Figure {
    let interval = Some([value - 2.0 * error, value + 2.0 * error]);
    Figure { value: Some(value), n, error: Some(error), interval, ..Figure::default() }
}

fn of(
    path: Path,
    exit: Exit,
    life: f64,
    network: Network,
    random: &mut SmallRng,
) -> BTreeMap<String, Figure> {
    let mut figures = BTreeMap::new();
    if path.pulls() && network == Network::Nat {
        figures.insert("capture_ratio".to_owned(), figure(0.0, 3, 0.0));
        figures.insert("seen_ratio".to_owned(), figure(0.0, 3, 0.0));
        return figures;
    }
    let mut near = |value: f64, off: f64| value + random.random_range(-off..off);
    let late = if path == Path::PullDiscovered { 0.25 } else { 0.0 };
    let crash = theory::left(life, 5.0, 0.0).0;
    let share = match exit {
        Exit::Term if !path.pulls() => near(0.993, 0.005),
        Exit::Linger if path == Path::PullStatic => near(0.99, 0.005),
        _ => near((crash - late).max(0.02), 0.015).clamp(0.0, 1.0),
    };
    let expected = Some(Expected { least: crash - 0.12, most: crash + 0.12 });
    let captured = Figure { expected: expected.filter(|_| exit == Exit::Kill), ..figure(share, 24, 0.02) };
    figures.insert("capture_ratio".to_owned(), captured);
    figures.insert("seen_ratio".to_owned(), figure(share.sqrt(), 24, 0.02));
    let grows = if life < 5.0 { share * 0.1 } else { share * (1.0 - 2.5 / life) };
    figures.insert("increase_ratio".to_owned(), figure(grows, 24, 0.02));
    if life >= 5.0 {
        let p50 = if path.pulls() { 2.5 } else { 5.0 };
        figures.insert("freshness_p50_seconds".to_owned(), figure(near(p50, 0.1), 4000, 0.05));
        figures.insert("freshness_p95_seconds".to_owned(), figure(near(p50 * 1.85, 0.1), 4000, 0.05));
    }
    let first = if path == Path::PullDiscovered { 5.5 } else { 2.5 };
    figures.insert("first_sample_p50_seconds".to_owned(), figure(near(first, 0.2), 24, 0.3));
    if matches!(exit, Exit::Stay | Exit::AgentKill) {
        return figures;
    }
    let (ghost, censored) = match path {
        Path::PullStatic | Path::PullDiscovered => (2.6, 0),
        Path::PushOurs | Path::PushExec => (22.0, 0),
        Path::PushReal | Path::PushRealFile | Path::RemoteWrite => (312.0, 6),
    };
    for (name, more) in [("ghost_p50_seconds", 0.0), ("ghost_max_seconds", 2.0)] {
        figures.insert(name.to_owned(), Figure { censored, ..figure(near(ghost + more, 0.1), 6, 0.3) });
    }
    let noticed = if path.pulls() { 2.7 } else { 8.4 };
    for (name, more) in [("detection_p50_seconds", 0.0), ("detection_max_seconds", 2.0)] {
        figures.insert(name.to_owned(), figure(near(noticed + more, 0.1), 6, 0.2));
    }
    figures
}

/// Those of results that were made before agents wrote to Prometheus itself, which are still to be read.
fn ways(scenario: &Scenario) -> impl Iterator<Item = Path> + '_ {
    scenario.paths.iter().copied().filter(|path| *path != Path::RemoteWrite)
}

fn costs(path: Path, random: &mut SmallRng) -> Cell {
    let once = |value: f64| Figure { value: Some(value), n: 1, ..Figure::default() };
    let mut figures = BTreeMap::new();
    let mut add = |name: &str, value: f64| {
        figures.insert(name.to_owned(), once(value * random.random_range(0.98..1.02)));
    };
    let bytes = if path.pulls() { 31_000.0 } else { 88_000.0 };
    add("bytes_per_pod_minute", bytes);
    add("bytes_per_minute", bytes * 10.0);
    add("requests_per_minute", if path.pulls() { 120.0 } else { 132.0 });
    add("cpu_prometheus_seconds_per_minute", 0.9);
    if !path.pulls() {
        add("cpu_agent_seconds_per_minute", 0.62);
        add("cpu_gateway_seconds_per_minute", if path == Path::PushOurs { 0.11 } else { 0.41 });
        add("memory_agent_bytes", 92e6);
    }
    add("memory_prometheus_bytes", 78e6);
    Cell { path: path.name().to_owned(), cohort: String::new(), figures }
}

fn lines(scenario: &Scenario) -> Vec<Line> {
    let steps = || (0..200).map(|step| f64::from(step) * (scenario.seconds + scenario.hold) / 199.0);
    let truth = |at: f64| 60.0 * at.min(scenario.seconds);
    let fault = scenario.faults.first().map_or((0.0, 0.0), |fault| match *fault {
        Fault::GatewaysDown { at, seconds } | Fault::LinkCut { at, seconds } => (at, at + seconds),
    });
    let mut lines = vec![Line {
        what: "truth".to_owned(),
        path: String::new(),
        points: steps().map(|at| (at, truth(at))).collect(),
    }];
    for path in ways(scenario) {
        let hidden = path.pulls() && scenario.network == Network::Nat;
        let stepped = |at: f64| {
            let at = (at / 5.0).floor() * 5.0;
            truth(if at > fault.0 && at < fault.1 { fault.0 } else { at })
        };
        let counter = |at: f64| (at, if hidden { 0.0 } else { stepped(at) });
        let line = |what: &str, points: Vec<(f64, f64)>| Line {
            what: what.to_owned(),
            path: path.name().to_owned(),
            points,
        };
        lines.push(line("counter", steps().map(counter).collect()));
        if fault.1 > 0.0 {
            let rate = |at: f64| (at, (stepped(at) - stepped((at - 10.0).max(0.0))) / 10.0);
            lines.push(line("rate", steps().filter(|at| *at > 10.0).map(rate).collect()));
        }
    }
    lines
}

/// What `overhead` would leave.
pub(super) fn overhead() -> Results {
    let mut runs = Vec::new();
    for (scenario, cells) in [
        ("overhead/api", vec![("api", "work 0", 1.021), ("api", "work 100–500 ms", 1.012)]),
        ("overhead/fastapi", vec![("fastapi", "work 0", 1.41)]),
    ] {
        let mut run = blank(scenario, 1);
        for (path, cohort, ratio) in cells {
            let figures = [
                ("cpu_ratio", figure(ratio, 12, 0.004)),
                ("cpu_per_request_seconds", figure(41e-6 * ratio, 12, 1e-6)),
                ("latency_p50_added_seconds", figure(-0.2e-3, 12, 0.3e-3)),
            ];
            let figures = figures.map(|(name, figure)| (name.to_owned(), figure)).into();
            run.cells.push(Cell { path: path.to_owned(), cohort: cohort.to_owned(), figures });
        }
        runs.push(run);
    }
    let mut run = blank("overhead/agent", 1);
    for interval in ["1 s", "15 s"] {
        let figures = [("agent_cpu_seconds_per_minute", 0.21), ("agent_memory_bytes", 9.4e6)];
        let figures = figures.map(|(name, value)| (name.to_owned(), figure(value, 6, 0.0))).into();
        run.cells.push(Cell { path: "agent".to_owned(), cohort: interval.to_owned(), figures });
    }
    runs.push(run);
    results("overhead", &[("rounds".to_owned(), "12".to_owned())], runs)
}

/// What `article` would leave.
pub(super) fn article() -> Results {
    let mut runs = Vec::new();
    for (name, asked) in [("baseline", 10.0), ("moderate", 50.0), ("high", 100.0), ("endurance", 25.0)] {
        let mut run = blank(&format!("article/{name}"), 1);
        for path in ["article-app", "our-api"] {
            for cohort in ["script", "open-asked", "open-sent"] {
                let app = path == "article-app";
                let sent: f64 = if cohort == "open-asked" { asked } else { asked * 0.37 };
                let p99 = if app && cohort == "open-asked" && asked > 60.0 { 8.4 } else { 0.498 };
                let figures = [
                    ("requested_rate", if cohort == "open-sent" { sent } else { asked }),
                    ("achieved_rate", if app { sent.min(63.0) } else { sent }),
                    ("success_ratio", 1.0),
                    ("latency_p50_seconds", 0.302),
                    ("latency_p99_seconds", p99),
                    ("latency_max_seconds", p99 * 1.1),
                    ("memory_bytes", 48e6),
                ];
                let figures = figures.map(|(name, value)| (name.to_owned(), figure(value, 900, 0.0))).into();
                run.cells.push(Cell { path: path.to_owned(), cohort: cohort.to_owned(), figures });
            }
        }
        runs.push(run);
    }
    results("article", &[("scale".to_owned(), "0.1".to_owned())], runs)
}
