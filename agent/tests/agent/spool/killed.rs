//! kill -9 at any moment, and how much memory a large spool takes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use rand::{Rng, SeedableRng, rngs::SmallRng};

use super::*;

/// Runs an ignored test of this file as a process.
fn process(test: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("spool::killed::{test}"), "--ignored", "--nocapture"]);
    command.env("SPOOL_DIR", dir).stdout(Stdio::piped());
    command
}

/// What the processes said: which numbers they began to append, had appended, began to acknowledge, had.
#[derive(Default)]
struct Said {
    appending: BTreeSet<u64>,
    appended: BTreeSet<u64>,
    acking: BTreeSet<u64>,
    acked: BTreeSet<u64>,
}

#[test]
fn a_hundred_kills_lose_nothing_that_was_appended_and_repeat_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let (mut said, mut random) = (Said::default(), SmallRng::seed_from_u64(7));
    let mut torn = 0;
    for round in 0..100 {
        let first = said.appending.last().map_or(0, |last| last + 1);
        let mut child =
            process("works_until_killed", dir.path()).env("FIRST", first.to_string()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut left_to_say = random.random_range(1..400);
        while let Some(Ok(line)) = lines.next() {
            let Some((what, number)) = line.split_once(' ') else { continue };
            let Ok(number) = number.parse() else { continue };
            match what {
                "appending" => said.appending.insert(number),
                "appended" => said.appended.insert(number),
                "acking" => said.acking.insert(number),
                "acked" => said.acked.insert(number),
                _ => continue,
            };
            left_to_say -= 1;
            if left_to_say == 0 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let spool = open(dir.path());
        let left = waiting(&spool);
        torn += spool.stats().torn_tails;
        assert!(left.is_sorted_by(|one, other| one < other), "round {round}: {left:?}");
        let left = left.into_iter().collect::<BTreeSet<_>>();
        let must: Vec<_> = said.appended.difference(&said.acking).filter(|one| !left.contains(one)).collect();
        assert!(must.is_empty(), "round {round}: lost {must:?}");
        let again: Vec<_> = left.intersection(&said.acked).collect();
        assert!(again.is_empty(), "round {round}: comes again {again:?}");
        assert!(left.is_subset(&said.appending));
        assert_eq!(spool.stats().dropped, [agent::spool::Amount::default(); 4], "round {round}");
        assert!(du(dir.path()) <= MIN_BYTES);
    }
    assert!(said.acked.len() > 500, "only {} were acknowledged", said.acked.len());
    eprintln!("{} appended, {} acknowledged, {torn} torn", said.appended.len(), said.acked.len());
}

#[test]
#[ignore = "runs until it is killed: started by the test above"]
fn works_until_killed() {
    let dir = std::env::var("SPOOL_DIR").expect("run by the test above");
    let mut number: u64 = std::env::var("FIRST").unwrap().parse().unwrap();
    let spool = open(Path::new(&dir));
    let say = |what: &str, number: u64| {
        std::io::stdout().write_all(format!("{what} {number}\n").as_bytes()).unwrap();
    };
    let mut reader = spool.reader();
    loop {
        for _ in 0..=number % 5 {
            say("appending", number);
            append(&spool, [number]);
            say("appended", number);
            number += 1;
        }
        // Never far behind, so that nothing is dropped for want of room.
        let behind = spool.stats().pending.records;
        for _ in 0..if behind > 100 { 10 } else { 2 } {
            let Some(entry) = spool.read(&mut reader, |_| true) else { break };
            let number = super::number(&entry);
            say("acking", number);
            spool.ack(entry.receipt());
            say("acked", number);
        }
    }
}

#[test]
fn memory_does_not_grow_with_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    let output = process("fills_and_drains", dir.path()).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "measures its process: run by the test above"]
fn fills_and_drains() {
    let dir = std::env::var("SPOOL_DIR").expect("run by the test above");
    let rss = || {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
    };
    let spool = Spool::open(SpoolSettings { max_bytes: 96 << 20, ..settings(Path::new(&dir)) }).unwrap();
    let record = vec![5; 8 << 10];
    spool.append(0, 1, &record, at(0)).unwrap();
    let before = rss();
    for _ in 0..16_000 {
        spool.append(0, 1, &record, at(0)).unwrap();
    }
    let stats = spool.stats();
    assert!(stats.disk_bytes > 80 << 20 && stats.pending.records > 9_000, "{stats:?}");
    let mut reader = spool.reader();
    while let Some(entry) = spool.read(&mut reader, |_| true) {
        spool.ack(entry.receipt());
    }
    assert_eq!(spool.stats().pending.records, 0);
    let grown = rss().saturating_sub(before);
    assert!(grown < 4 << 20, "{grown} bytes of memory more with 96 MiB on disk");
}
