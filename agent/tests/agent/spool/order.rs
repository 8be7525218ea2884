//! Order, shards, and restarts.

use super::*;

#[test]
fn records_come_out_in_order_and_go_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    append(&spool, 0..100);
    assert_eq!(deliver(&spool, 30), list(0..30));
    assert_eq!(spool.stats().pending.records, 70);
    drop(spool);
    for round in 0..5 {
        let spool = open(dir.path());
        assert_eq!(waiting(&spool), list(30 + round * 10..100 + round * 10), "round {round}");
        let stats = spool.stats();
        assert_eq!((stats.pending.records, stats.pending.samples, stats.torn_tails), (70, 700, 0));
        append(&spool, [100 + round * 10, 101 + round * 10]);
        drop(deliver(&spool, 10));
        append(&spool, 102 + round * 10..110 + round * 10);
    }
}

#[test]
fn shards_are_acknowledged_in_any_order_and_none_comes_twice() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    append(&spool, 0..80);
    // One shard is stuck, three go on: each in its own order.
    for shard in 1..4 {
        let mut reader = spool.reader();
        let entries: Vec<_> = std::iter::from_fn(|| spool.read(&mut reader, |one| one == shard)).collect();
        let numbers: Vec<_> = entries.iter().map(number).collect();
        assert_eq!(numbers, list((u64::from(shard)..80).step_by(4)));
        for entry in &entries {
            spool.ack(entry.receipt());
        }
    }
    let left = list((0..80).step_by(4));
    assert_eq!(waiting(&spool), left);
    drop(spool);
    let spool = open(dir.path());
    assert_eq!(waiting(&spool), left, "what was acknowledged out of order came again");
    assert_eq!(spool.stats().pending.records, 20);
    // An acknowledgement that comes twice counts once.
    let mut reader = spool.reader();
    let first = spool.read(&mut reader, |_| true).unwrap();
    spool.ack(first.receipt());
    spool.ack(first.receipt());
    assert_eq!((spool.stats().pending.records, spool.stats().pending.samples), (19, 190));
}

#[test]
fn fresh_records_can_be_read_before_those_that_waited() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    append(&spool, 0..10);
    let (mut old, mut fresh) = spool.readers_apart();
    append(&spool, 10..13);
    for expected in 10..13 {
        let entry = spool.read(&mut fresh, |_| true).unwrap();
        assert_eq!(number(&entry), expected);
        spool.ack(entry.receipt());
    }
    assert!(spool.read(&mut fresh, |_| true).is_none());
    let entries: Vec<_> =
        std::iter::from_fn(|| spool.read(&mut old, |_| true)).map(|one| number(&one)).collect();
    assert_eq!(entries, list(0..10), "the first reader ends where the second began");
    append(&spool, [13]);
    assert_eq!(number(&spool.read(&mut fresh, |_| true).unwrap()), 13);
}

#[test]
fn a_stuck_shard_makes_the_others_wait_in_the_end_and_not_memory_grow() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(SpoolSettings { max_bytes: 64 << 20, ..settings(dir.path()) }).unwrap();
    for number in 0..20_000_u64 {
        spool.append(u16::try_from(number % 2).unwrap(), 1, &number.to_le_bytes(), at(0)).unwrap();
    }
    let mut reader = spool.reader();
    let mut passed = 0;
    while let Some(entry) = spool.read(&mut reader, |shard| shard == 1) {
        spool.ack(entry.receipt());
        passed += 1;
    }
    assert_eq!(passed, 4096);
    let stuck = spool.read(&mut spool.reader(), |shard| shard == 0).unwrap();
    spool.ack(stuck.receipt());
    assert!(spool.read(&mut reader, |shard| shard == 1).is_some(), "it goes on when the oldest is done");
}

#[test]
fn a_directory_is_one_agents() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let error = Spool::open(settings(dir.path())).unwrap_err().to_string();
    assert!(
        error.contains("in use by another agent") && error.contains(dir.path().to_str().unwrap()),
        "{error}"
    );
    drop(spool);
    open(dir.path());
    let small = SpoolSettings { max_bytes: MIN_BYTES - 1, ..settings(dir.path()) };
    assert!(Spool::open(small).unwrap_err().to_string().contains("too small"));
}

#[test]
fn without_a_directory_it_is_the_same_in_memory() {
    let spool = Spool::open(SpoolSettings { max_bytes: 100_000, ..SpoolSettings::default() }).unwrap();
    append(&spool, 0..500);
    let stats = spool.stats();
    assert!(stats.memory_bytes <= 100_000 && stats.disk_bytes == 0, "{stats:?}");
    let dropped = stats.dropped(agent::spool::DropReason::Bytes).records;
    assert_eq!(dropped + stats.pending.records, 500);
    assert_eq!(waiting(&spool), list(dropped..500), "the oldest are dropped");
    assert_eq!(deliver(&spool, 1000).len() as u64, stats.pending.records);
    assert_eq!((spool.stats().memory_bytes, spool.stats().pending.samples), (0, 0));
}
