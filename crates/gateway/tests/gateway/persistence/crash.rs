//! `kill -9` at moments of chance: what was acknowledged is there.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::process::start;
use crate::peers;

const KILLS: u64 = 100;
const PUSHERS: usize = 4;

/// What one pusher has sent, and what was acknowledged of it.
#[derive(Default)]
struct Pusher {
    sent: AtomicU64,
    acknowledged: AtomicU64,
}

impl Pusher {
    /// Pushes a number that grows, and each number once more as a family of its own until it is deleted.
    fn push(&self, port: u16, job: usize) {
        let number = self.sent.load(Ordering::SeqCst) + 1;
        self.sent.store(number, Ordering::SeqCst);
        let (method, body) = if number.is_multiple_of(3) { ("PUT", "") } else { ("POST", "extra 1\n") };
        let path = format!("/metrics/job/{job}");
        let answer = peers::request(port, method, &path, format!("{body}number {number}\n").as_bytes());
        if answer.is_some_and(|(status, _)| status == 200) {
            self.acknowledged.store(number, Ordering::SeqCst);
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_a_hundred_kills_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let pushers: [Pusher; PUSHERS] = Default::default();
    for kill in 0..KILLS {
        let gateway = start(folder.path(), &[]);
        let groups = gateway.groups();
        for (job, pusher) in pushers.iter().enumerate() {
            let name = format!("number{{instance=\"\",job=\"{job}\"}} ");
            let held = groups
                .iter()
                .find_map(|line| line.strip_prefix(&name))
                .map_or(0, |value| value.parse::<u64>().unwrap());
            let (least, most) =
                (pusher.acknowledged.load(Ordering::SeqCst), pusher.sent.load(Ordering::SeqCst));
            assert!((least..=most).contains(&held), "kill {kill}: {held} is not within {least} and {most}");
            let extra = format!("extra{{instance=\"\",job=\"{job}\"}} 1");
            assert_eq!(!held.is_multiple_of(3), groups.contains(&extra), "kill {kill}: half of push {held}");
        }
        let (port, stop) = (gateway.port, AtomicBool::new(false));
        std::thread::scope(|scope| {
            for (job, pusher) in pushers.iter().enumerate() {
                let stop = &stop;
                scope.spawn(move || {
                    while !stop.load(Ordering::SeqCst) {
                        pusher.push(port, job);
                    }
                });
            }
            let end = Instant::now() + Duration::from_millis(5 + kill * 7919 % 46);
            while Instant::now() < end {
                std::thread::yield_now();
            }
            // While they push.
            drop(gateway);
            stop.store(true, Ordering::SeqCst);
        });
    }
    let acknowledged: u64 = pushers.iter().map(|pusher| pusher.acknowledged.load(Ordering::SeqCst)).sum();
    assert!(acknowledged > KILLS, "only {acknowledged} pushes were acknowledged: too few to mean anything");
}
