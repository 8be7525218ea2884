//! Records that need not come back from the disk as long as this process has them are what comes back from it.

use agent::spool::{Entry, MIN_BYTES, Payload, Spool, SpoolSettings};
use exposition::remote_write::{Batch, Packer, Record, Sample, SeriesLabels};

use super::{at, settings};

/// A record of so many samples of this number.
fn record(number: u64, samples: usize) -> Record {
    let mut batch = Batch::new(0);
    for place in 0..samples {
        let labels = [("__name__", "a"), ("number", &number.to_string()), ("place", &place.to_string())];
        batch.sample(&SeriesLabels::new(labels).unwrap(), None, Sample::default()).unwrap();
    }
    batch.finish()
}

/// A sequence, a shard, samples, and bytes once packed.
type What = (u64, u16, u32, Vec<u8>);

/// Whether it came as it is, and what it is.
fn of(entry: Entry) -> (bool, What) {
    let (is_loose, bytes) = match entry.payload {
        Payload::Packed(bytes) => (false, bytes.to_vec()),
        Payload::Loose(record) => (true, record.pack()),
    };
    (is_loose, (entry.seq, entry.shard, entry.samples, bytes))
}

fn read(spool: &Spool, wanted: impl Fn(u16) -> bool) -> Vec<(bool, What)> {
    let mut reader = spool.reader();
    std::iter::from_fn(|| spool.read(&mut reader, &wanted)).map(of).collect()
}

#[test]
fn what_is_read_is_the_same_from_memory_and_from_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let more = SpoolSettings { max_bytes: 64 * MIN_BYTES, ..settings(dir.path()) };
    let spool = Spool::open(more.clone()).unwrap();
    let mut packer = Packer::default();
    for number in 0..40 {
        let shard = u16::try_from(number % 3).unwrap();
        spool.append_record(shard, &record(number, 500), &mut packer, at(0)).unwrap();
    }
    let first = read(&spool, |_| true);
    assert_eq!(first.len(), 40);
    let loose = first.iter().filter(|(is_loose, _)| *is_loose).count();
    assert!((1..40).contains(&loose), "{loose}: the newest of them, within bounds");
    assert!(first[40 - loose..].iter().all(|(is_loose, _)| *is_loose));
    for ((_, (_, shard, samples, bytes)), number) in first.iter().zip(0_u64..) {
        let sent = record(number, 500).pack();
        assert!((u64::from(*shard), *samples, bytes) == (number % 3, 500, &sent), "{number}");
    }
    let one = |all: &[(bool, What)]| -> Vec<_> {
        all.iter().map(|(_, what)| what.clone()).filter(|(_, shard, ..)| *shard == 1).collect()
    };
    assert!(one(&read(&spool, |shard| shard == 1)) == one(&first));
    // What is done with does not come again, from neither.
    let mut reader = spool.reader();
    let done: Vec<_> = std::iter::from_fn(|| spool.read(&mut reader, |shard| shard == 2)).collect();
    for entry in &done {
        spool.ack(entry.receipt());
    }
    let left = read(&spool, |_| true);
    assert_eq!(left.len(), 27);
    drop(spool);
    let again = read(&Spool::open(more).unwrap(), |_| true);
    assert!(again.iter().all(|(is_loose, _)| !is_loose));
    let whats = |all: Vec<(bool, _)>| all.into_iter().map(|(_, what)| what).collect::<Vec<_>>();
    assert!(whats(again) == whats(left));
}

#[test]
fn what_the_disk_has_no_room_for_is_gone_from_memory_too() {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(dir.path())).unwrap();
    let (mut packer, mut state) = (Packer::default(), 1_u64);
    for number in 0..60_u64 {
        // Letters by chance, which do not become much fewer: 1 MiB of disk has room for some twenty of them.
        let noise: String = (0..60_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(b'a' + (state >> 33).to_le_bytes()[0] % 26)
            })
            .collect();
        let mut batch = Batch::new(0);
        let labels = SeriesLabels::new([("__name__", "a"), ("noise", &format!("{number}{noise}"))]).unwrap();
        batch.sample(&labels, None, Sample::default()).unwrap();
        spool.append_record(0, &batch.finish(), &mut packer, at(number)).unwrap();
    }
    let dropped = spool.stats().dropped;
    let read = read(&spool, |_| true);
    assert_eq!(spool.stats().pending.records, read.len() as u64, "{dropped:?}");
    assert!(read.len() < 60 && read.last().is_some_and(|(is_loose, (seq, ..))| *is_loose && *seq == 60));
}
