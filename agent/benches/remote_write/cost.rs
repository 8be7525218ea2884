//! CPU seconds of a million samples, and what they take on the wire.

use std::time::{Duration, Instant};

use super::Run;
use super::double::Double;
use super::figures::{median, until, verdict};
use super::peers::{Ask, Kind, Running, Writes};

/// CPU seconds of a million samples that are asked for.
const GOAL: f64 = 0.5;

/// The default, where there is a spool.
pub(crate) const SECOND: Option<&str> = Some("1s");

const KINDS: [Kind; 8] = [
    Kind::Writes(Writes { protocol: "1.0", fsync: None }),
    Kind::Writes(Writes { protocol: "2.0", fsync: None }),
    Kind::Writes(Writes { protocol: "zstd", fsync: None }),
    Kind::Writes(Writes { protocol: "1.0", fsync: SECOND }),
    Kind::Writes(Writes { protocol: "2.0", fsync: SECOND }),
    Kind::Writes(Writes { protocol: "zstd", fsync: SECOND }),
    Kind::Vmagent,
    Kind::Prometheus,
];

const VMAGENT: usize = 6;
const PROMETHEUS: usize = 7;

/// All rounds of one kind.
#[derive(Debug, Clone, Default)]
struct Found {
    cpu: Vec<f64>,
    bytes: Vec<f64>,
    /// The same messages in zstd.
    zstd: Vec<f64>,
    /// Samples in a request.
    together: Vec<f64>,
    /// Samples that arrived, of those that were read.
    arrived: Vec<f64>,
}

pub(crate) fn measure(run: &mut Run) {
    // A debug build does not keep up with a hundred targets.
    let (rounds, sizes) = if run.quick { (1, [(2, 1), (10, 1)]) } else { (3, [(10, 4), (100, 3)]) };
    let double = Double::start();
    for (targets, seconds) in sizes {
        let ask = Ask { targets, series: 1_000, interval: 1_000, host: false };
        let mut found = KINDS.map(|_| Found::default());
        for round in 0..rounds {
            for place in 0..KINDS.len() {
                let at = (place + round) % KINDS.len();
                one(KINDS[at], &ask, Duration::from_secs(seconds), &double, &mut found[at]);
            }
        }
        print(&ask, &found, run);
        if targets == sizes[1].0 {
            wire(&found, targets);
        }
    }
}

fn one(kind: Kind, ask: &Ask, window: Duration, double: &Double, found: &mut Found) {
    // Debian's vmagent has no zstd yet: its messages are packed here, as a newer one does it.
    double.packs(kind == Kind::Vmagent);
    let (before, scraped) = (double.taken(), double.scraped());
    let running = Running::start(kind, ask, double);
    // What a start costs is not what is asked for: each target was read twice, and the first of it arrived.
    let twice = 2 * ask.targets as u64;
    until("two readings of each target", || double.scraped() >= scraped + twice);
    until("their samples", || double.taken().samples > before.samples + 1_000 * ask.targets as u64);
    // From the arrival of a request to that of another: what waits for a deadline does not fall on one side.
    arrival(double);
    let (before, scraped) = (double.taken(), double.scraped());
    let (spent, began) = (running.cpu(), Instant::now());
    until("the window", || began.elapsed() >= window);
    arrival(double);
    let (after, spent) = (double.taken(), running.cpu() - spent);
    // What was read in that time, and what arrived in it, differ by less than the requests under way.
    let read = (double.scraped() - scraped) as f64 * ask.series as f64;
    let samples = (after.samples - before.samples) as f64;
    found.cpu.push(spent * 1e6 / read);
    found.bytes.push((after.bytes - before.bytes) as f64 / samples);
    found.zstd.push((after.zstd - before.zstd) as f64 / samples);
    found.together.push(samples / (after.requests - before.requests) as f64);
    found.arrived.push(samples / read);
}

fn arrival(double: &Double) {
    let before = double.taken().requests;
    until("a request", || double.taken().requests > before);
}

fn print(ask: &Ask, found: &[Found; 8], run: &mut Run) {
    let targets = ask.targets;
    println!("\nCPU seconds of a million samples, {targets} targets of 1,000 series, each second");
    println!("  {:<36} {:>8} {:>12} {:>14}", "", "median", "of vmagent's", "of Prometheus'");
    for (kind, own) in KINDS.iter().zip(found) {
        let of = |peer: usize| {
            let ratios: Vec<f64> =
                own.cpu.iter().zip(&found[peer].cpu).map(|(own, theirs)| own / theirs).collect();
            median(&ratios)
        };
        let cpu = median(&own.cpu);
        let goal = match kind {
            Kind::Writes(_) => format!("  goal {GOAL}: {}", verdict(cpu <= GOAL)),
            _ => String::new(),
        };
        println!("  {:<36} {cpu:>8.2} {:>12.2} {:>14.2}{goal}", kind.name(), of(VMAGENT), of(PROMETHEUS));
        run.note(&format!("CPU s of a million samples, {targets} targets, {}", kind.name()), &own.cpu);
        run.note(&format!("bytes a sample, {targets} targets, {}", kind.name()), &own.bytes);
        run.note(&format!("samples arrived of those read, {targets} targets, {}", kind.name()), &own.arrived);
        run.note(&format!("samples a request, {targets} targets, {}", kind.name()), &own.together);
    }
    run.note(&format!("bytes a sample, {targets} targets, vmagent in zstd"), &found[VMAGENT].zstd);
}

fn wire(found: &[Found; 8], targets: usize) {
    println!("\nbytes of a sample on the wire, without HTTP's heads; samples a request; {targets} targets");
    for (kind, own) in KINDS.iter().zip(found).filter(|(kind, _)| !on_disk(**kind)) {
        println!("  {:<36} {:>8.1} {:>12.0}", kind.name(), median(&own.bytes), median(&own.together));
    }
    let theirs = median(&found[VMAGENT].zstd);
    println!("  {:<36} {theirs:>8.1}", "vmagent's messages, in zstd");
    println!(
        "  goal no more than vmagent in zstd, ours in zstd: {}",
        verdict(median(&found[2].bytes) <= theirs)
    );
    let theirs = median(&found[PROMETHEUS].bytes);
    println!(
        "  goal no more than Prometheus, ours in 2.0: {} (Debian's has no 2.0: this is against its 1.0)",
        verdict(median(&found[1].bytes) <= theirs)
    );
}

fn on_disk(kind: Kind) -> bool {
    matches!(kind, Kind::Writes(Writes { fsync: Some(_), .. }))
}
