//! Bytes and age.

use agent::spool::DropReason;

use super::*;

#[test]
fn du_never_says_more_than_the_cap_and_all_that_is_missing_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    let (mut delivered, mut dropped, mut most) = (0, 0, 0);
    for number in 0..3000 {
        append(&spool, [number]);
        most = most.max(du(dir.path()));
        assert!(most <= MIN_BYTES, "{most} bytes after record {number}");
        assert!(spool.stats().disk_bytes <= MIN_BYTES);
        if number % 500 == 499 {
            delivered += deliver(&spool, 37).len() as u64;
            // What was dropped stays so over a restart.
            dropped += spool.stats().dropped(DropReason::Bytes).records;
            drop(spool);
            spool = open(dir.path());
        }
    }
    dropped += spool.stats().dropped(DropReason::Bytes).records;
    let left = waiting(&spool);
    assert_eq!(delivered + dropped + left.len() as u64, 3000);
    assert_eq!(spool.stats().pending.records, left.len() as u64);
    assert_eq!(left, list(3000 - left.len() as u64..3000), "the newest are kept, without a hole");
    // An eighth may be lost to whole segments, and little to blocks.
    assert!(most > MIN_BYTES * 7 / 8, "only {most} bytes of {MIN_BYTES} were used");
    let bytes: usize = left.iter().map(|number| payload(*number).len()).sum();
    assert!(bytes as u64 > MIN_BYTES * 3 / 4, "{bytes} bytes of records in {MIN_BYTES}");
}

#[test]
fn nothing_is_left_on_disk_of_what_was_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for round in 0..50 {
        append(&spool, round * 10..round * 10 + 10);
        assert_eq!(deliver(&spool, 100).len(), 10);
        assert!(du(dir.path()) < 256 << 10, "{} bytes in round {round}", du(dir.path()));
    }
    assert_eq!(spool.stats().dropped, [agent::spool::Amount::default(); 4]);
}

#[test]
fn what_is_too_old_goes_record_by_record() {
    let dir = tempfile::tempdir().unwrap();
    let max_age = Duration::from_secs(100);
    let spool = Spool::open(SpoolSettings { max_age, ..settings(dir.path()) }).unwrap();
    for number in 0..400 {
        spool.append(0, 10, &payload(number), at(number)).unwrap();
        let oldest = number.saturating_sub(100);
        assert_eq!(waiting(&spool).first(), Some(&oldest), "at {number} s");
    }
    assert_eq!(spool.stats().oldest_ms, Some(1_700_000_299_000));
    spool.tend(at(450));
    assert_eq!(waiting(&spool), list(350..400));
    let expired = spool.stats().dropped(DropReason::Age);
    assert_eq!((expired.records, expired.samples), (350, 3500));
    spool.tend(at(4000));
    assert_eq!((waiting(&spool).len(), spool.stats().pending.samples, spool.stats().oldest_ms), (0, 0, None));
}

#[test]
fn a_record_that_is_too_large_is_refused_with_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    let error = spool.append(0, 1, &vec![0; 300_000], at(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a record of 300000 bytes is over the 262144 that a spool of this size takes"
    );
    for _ in 0..20 {
        spool.append(0, 1, &vec![7; 262_144], at(0)).unwrap();
        assert!(du(dir.path()) <= MIN_BYTES);
    }
    assert!(spool.stats().pending.records >= 3, "{:?}", spool.stats());
}
