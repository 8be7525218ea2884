//! What is lost when the process is killed: readings that a target answered, and that never arrived.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Run;
use super::cost::SECOND;
use super::double::Double;
use super::figures::until;
use super::peers::{Ask, Kind, Running, Writes};

const KINDS: [Kind; 4] = [
    Kind::Writes(Writes { protocol: "1.0", fsync: SECOND }),
    Kind::Writes(Writes { protocol: "1.0", fsync: Some("always") }),
    Kind::Vmagent,
    Kind::Prometheus,
];

const ASK: Ask = Ask { targets: 1, series: 50, interval: 100, host: false };

/// Of one kill: readings that are missing, and how long before it the first of them was, in ms.
type Lost = (f64, f64);

pub(crate) fn measure(run: &mut Run) {
    let kills = if run.quick { 2 } else { 10 };
    println!("\nlost by kill -9, {kills} times, one target of 50 series, each 100 ms: mean and most");
    println!("  {:<36} {:<10} {:>16} {:>20}", "", "receiver", "samples", "ms");
    let found: Vec<_> = std::thread::scope(|scope| {
        let all = KINDS.into_iter().flat_map(|kind| [(kind, false), (kind, true)]);
        let threads: Vec<_> =
            all.map(|(kind, down)| (kind, down, scope.spawn(move || killed(kind, down, kills)))).collect();
        threads.into_iter().map(|(kind, down, thread)| (kind, down, thread.join().unwrap())).collect()
    });
    for (kind, down, lost) in found {
        let samples: Vec<f64> = lost.iter().map(|(readings, _)| readings * ASK.series as f64).collect();
        let ms: Vec<f64> = lost.iter().map(|(_, ms)| *ms).collect();
        let (receiver, mean) =
            (if down { "down" } else { "up" }, |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64);
        let most = |of: &[f64]| of.iter().copied().fold(0.0, f64::max);
        println!(
            "  {:<36} {receiver:<10} {:>7.0} {:>8.0} {:>11.0} {:>8.0}",
            kind.name(),
            mean(&samples),
            most(&samples),
            mean(&ms),
            most(&ms)
        );
        run.note(&format!("samples lost by each kill, receiver {receiver}, {}", kind.name()), &samples);
        run.note(&format!("ms lost by each kill, receiver {receiver}, {}", kind.name()), &ms);
    }
}

fn killed(kind: Kind, down: bool, kills: usize) -> Vec<Lost> {
    let double = Double::start();
    double.follow();
    double.down(down);
    let mut running = Running::start(kind, &ASK, &double);
    let mut at = Vec::new();
    for kill in 0..kills {
        let before = double.scraped();
        // At another moment between two readings and two requests each time.
        until("readings", || double.scraped() >= before + 12);
        let (began, phase) = (Instant::now(), Duration::from_millis(37 * kill as u64 % 1_000));
        until("the moment", || began.elapsed() >= phase);
        running.kill();
        at.push(Instant::now());
        running.again();
    }
    double.down(false);
    // What came after the last kill arrives when all before it did, but for peers that send the newest first.
    let (before, end) = (double.scraped(), *at.last().unwrap());
    until("what is read afterwards", || {
        double.followed(|seen| seen.arrived.iter().any(|reading| *reading > before))
    });
    let (mut arrived, mut since) = (0, Instant::now());
    until("the rest", || {
        let now: HashSet<u64> = double.followed(|seen| seen.arrived.iter().copied().collect());
        let old = double.followed(|seen| {
            seen.answered.iter().filter(|(reading, at)| *at < end && now.contains(reading)).count()
        });
        if old != arrived {
            (arrived, since) = (old, Instant::now());
        }
        std::thread::park_timeout(Duration::from_millis(50));
        since.elapsed() > Duration::from_secs(5)
    });
    double.followed(|seen| {
        let arrived: HashSet<u64> = seen.arrived.iter().copied().collect();
        let mut lost = vec![(0.0, 0.0_f64); kills];
        for (_, answered) in seen.answered.iter().filter(|(reading, _)| !arrived.contains(reading)) {
            let Some(kill) = at.iter().position(|at| at > answered) else { continue };
            let (readings, ms) = lost[kill];
            let ago = (at[kill] - *answered).as_secs_f64() * 1e3;
            lost[kill] = (readings + 1.0, ms.max(ago));
        }
        lost
    })
}
