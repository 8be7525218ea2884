//! The smallest place on a disk that an outage can be given: 1 MiB is asked for, and `du` looks.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Run;
use super::cost::SECOND;
use super::double::Double;
use super::figures::{until, verdict};
use super::peers::{Ask, Kind, Running, Writes};

/// Bytes.
const CAP: u64 = 1 << 20;

const KINDS: [Kind; 2] = [Kind::Writes(Writes { protocol: "1.0", fsync: SECOND }), Kind::Vmagent];

struct Found {
    largest: u64,
    /// Of the outage.
    read: u64,
    came: u64,
    lives: bool,
}

pub(crate) fn measure(run: &mut Run) {
    let (targets, seconds) = if run.quick { (2, 4) } else { (20, 20) };
    let outage = Duration::from_secs(seconds);
    println!(
        "\na place of 1 MiB on the disk, an outage of {seconds} s, {targets} targets of 1,000 series 4 times a second"
    );
    let found = std::thread::scope(|scope| {
        KINDS.map(|kind| scope.spawn(move || out(kind, targets, outage))).map(|thread| thread.join().unwrap())
    });
    for (kind, Found { largest, read, came, lives }) in KINDS.iter().zip(&found) {
        let ended = if *lives { "" } else { ", ended by itself" };
        println!(
            "  {:<36} {:>7.2} MiB at the most; {read} samples read, about {came} came after kill -9{ended}",
            kind.name(),
            *largest as f64 / CAP as f64
        );
        let values = [*largest as f64, *read as f64, *came as f64];
        run.note(
            &format!("1 MiB of disk: largest du, samples read, samples that came, {}", kind.name()),
            &values,
        );
    }
    let ours = &found[0];
    println!("  goal never over 1 MiB, and used: {}", verdict(ours.largest <= CAP && ours.came > 0));
    println!("  vmagent's manual: \"the minimum practical value for this flag is 500MB\"");
}

fn out(kind: Kind, targets: usize, outage: Duration) -> Found {
    let ask = Ask { targets, series: 1_000, interval: 250, host: false };
    let double = Double::start();
    double.down(true);
    let mut running = Running::with_disk(kind, &ask, &double, "1MiB");
    until("a reading", || double.scraped() > 0);
    let (began, mut largest) = (Instant::now(), 0);
    until("the end of the outage", || {
        largest = largest.max(du(&running.data()));
        began.elapsed() > outage
    });
    let (lives, read) = (running.lives(), double.scraped() * 1_000);
    running.kill();
    // Nothing new is read after the restart: what comes was kept, but for `up` and the like.
    double.end_pages();
    double.down(false);
    running.again();
    let began = Instant::now();
    until("what was kept", || {
        largest = largest.max(du(&running.data()));
        began.elapsed() > Duration::from_secs(6)
    });
    Found { largest, read, came: double.taken().samples, lives }
}

/// Bytes that a folder takes, in blocks, as `du` counts them.
fn du(path: &Path) -> u64 {
    let own = std::fs::symlink_metadata(path).map_or(0, |about| about.blocks() * 512);
    let Ok(entries) = std::fs::read_dir(path) else { return own };
    own + entries.flatten().map(|entry| du(&entry.path())).sum::<u64>()
}
