//! Resident memory of an active series.

use super::Run;
use super::cost::SECOND;
use super::double::Double;
use super::figures::{until, verdict};
use super::peers::{Ask, Kind, Running, Writes};

const KINDS: [Kind; 4] = [
    Kind::Writes(Writes { protocol: "1.0", fsync: None }),
    Kind::Writes(Writes { protocol: "1.0", fsync: SECOND }),
    Kind::Vmagent,
    Kind::Prometheus,
];

pub(crate) fn measure(run: &mut Run) {
    let (targets, readings) = if run.quick { (5, 4) } else { (100, 20) };
    let little = Ask { targets: 1, series: 50, interval: 1_000, host: false };
    let much = Ask { targets, series: 1_000, ..little };
    println!(
        "\nresident bytes of a series: {targets} targets of 1,000 series less one of 50, {readings} readings"
    );
    // What is resident does not depend on who else runs, so all run at once.
    let found: Vec<[f64; 2]> = std::thread::scope(|scope| {
        let threads =
            KINDS.map(|kind| scope.spawn(move || [&little, &much].map(|ask| resident(kind, ask, readings))));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let series = (targets * 1_000 - 50) as f64;
    let each: Vec<f64> = found.iter().map(|[little, much]| (much - little) * 1_048_576.0 / series).collect();
    for ((kind, [little, much]), each) in KINDS.iter().zip(&found).zip(&each) {
        println!("  {:<36} {each:>8.0}  ({little:.1} and {much:.1} MiB)", kind.name());
        run.note(
            &format!("resident MiB with little, with much, bytes a series, {}", kind.name()),
            &[*little, *much, *each],
        );
    }
    for (at, kind) in KINDS.iter().enumerate().take(2) {
        let ratio = each[at] / each[2];
        println!("  goal half of vmagent's, {}: {ratio:.2}, {}", kind.name(), verdict(ratio <= 0.5));
    }
}

fn resident(kind: Kind, ask: &Ask, readings: u64) -> f64 {
    let double = Double::start();
    let running = Running::start(kind, ask, &double);
    until("readings", || double.scraped() >= readings * ask.targets as u64);
    until("samples", || double.taken().samples >= (ask.targets * ask.series) as u64);
    running.resident()
}
