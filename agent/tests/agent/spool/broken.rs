//! Files that are not as they were written.

use std::fs;

use agent::spool::DropReason;

use super::*;

/// A copy of the files of a directory in another one.
fn copy(from: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    dir
}

#[test]
fn a_last_record_torn_at_any_byte_is_cut_off_and_no_other_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    append(&spool, 0..3);
    let before = fs::metadata(&segments(dir.path())[0]).unwrap().len();
    spool.append(0, 10, &payload(3)[..60], at(0)).unwrap();
    drop(spool);
    let after = fs::metadata(&segments(dir.path())[0]).unwrap().len();
    assert!(after > before + 60);
    for len in before..after {
        let torn = copy(dir.path());
        let file = fs::File::options().write(true).open(&segments(torn.path())[0]).unwrap();
        file.set_len(len).unwrap();
        let spool = open(torn.path());
        assert_eq!(waiting(&spool), [0, 1, 2], "torn at {len}");
        assert_eq!(spool.stats().torn_tails, u64::from(len > before), "torn at {len}");
        append(&spool, [4]);
        drop(spool);
        let spool = open(torn.path());
        assert_eq!(waiting(&spool), [0, 1, 2, 4], "torn at {len}, and appended to");
        assert_eq!(spool.stats().torn_tails, 0);
    }
}

#[test]
fn a_file_of_any_length_opens() {
    let dir = tempfile::tempdir().unwrap();
    append(&open(dir.path()), 0..2);
    let whole = fs::metadata(&segments(dir.path())[0]).unwrap().len();
    for len in (0..whole).step_by(7).chain(0..80) {
        let torn = copy(dir.path());
        fs::File::options().write(true).open(&segments(torn.path())[0]).unwrap().set_len(len).unwrap();
        let spool = open(torn.path());
        let left = waiting(&spool);
        assert!(left.is_empty() || left == [0], "{left:?} of {len} bytes");
        append(&spool, [5]);
        assert_eq!(waiting(&spool).last(), Some(&5));
    }
}

#[test]
fn a_broken_record_is_skipped_and_counted_and_its_segment_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    append(&open(dir.path()), 0..40);
    let whole = fs::read(&segments(dir.path())[0]).unwrap();
    let mut places = Vec::new();
    for number in [5_u64, 17] {
        let bytes = payload(number);
        places.push(memchr::memmem::find(&whole, &bytes).unwrap());
    }
    // In the payload; in its length; in the sequence; in the shard; in the marker.
    for offset in [10_isize, -28, -18, -4, -40] {
        for reopen in [false, true] {
            let broken = copy(dir.path());
            let spool = reopen.then(|| open(broken.path()));
            let mut bytes = whole.clone();
            for place in &places {
                bytes[place.strict_add_signed(offset)] ^= 0x41;
            }
            fs::write(&segments(broken.path())[0], &bytes).unwrap();
            let spool = spool.unwrap_or_else(|| open(broken.path()));
            let expected: Vec<u64> = (0..40).filter(|number| ![5, 17].contains(number)).collect();
            assert_eq!(waiting(&spool), expected, "at {offset}");
            assert_eq!(spool.stats().dropped(DropReason::Broken).records, 2, "at {offset}");
            append(&spool, [40]);
            assert_eq!(deliver(&spool, 100).len(), 39);
            // A new segment has begun, so the broken one is done with.
            append(&spool, 41..300);
            drop(deliver(&spool, 1000));
            assert_eq!(spool.stats().broken_segments, 1, "at {offset}");
            let aside = fs::read_dir(broken.path()).unwrap().map(|entry| entry.unwrap().path());
            assert_eq!(aside.filter(|path| path.extension().is_some_and(|name| name == "broken")).count(), 1);
            assert!(du(broken.path()) <= MIN_BYTES);
        }
    }
}

#[test]
fn any_bytes_in_any_file_open_and_append() {
    use rand::{Rng, SeedableRng, rngs::SmallRng};
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    append(&spool, 0..150);
    deliver(&spool, 20);
    drop(spool);
    for seed in 0..60 {
        let mut random = SmallRng::seed_from_u64(seed);
        let broken = copy(dir.path());
        let files: Vec<_> = fs::read_dir(broken.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in files {
            let mut bytes = fs::read(&path).unwrap();
            for _ in 0..random.random_range(0..20) {
                let at = random.random_range(0..bytes.len());
                let len = random.random_range(1..40).min(bytes.len() - at);
                random.fill(&mut bytes[at..at + len]);
            }
            bytes.truncate(bytes.len() - random.random_range(0..bytes.len() / 2));
            fs::write(path, bytes).unwrap();
        }
        let spool = open(broken.path());
        let left = waiting(&spool);
        assert!(left.is_sorted_by(|one, other| one < other), "seed {seed}: {left:?}");
        append(&spool, [1000]);
        assert_eq!(waiting(&spool).last(), Some(&1000), "seed {seed}");
        assert!(du(broken.path()) <= MIN_BYTES);
    }
}

#[test]
fn what_is_no_segment_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    append(&open(dir.path()), 0..3);
    fs::write(dir.path().join("00000000000000000000.seg"), vec![7; 5000]).unwrap();
    let spool = open(dir.path());
    assert_eq!((waiting(&spool), spool.stats().broken_segments), (vec![0, 1, 2], 1));
    assert!(dir.path().join("00000000000000000000.broken").exists());
}

/// Whether bytes that came out of a spool, with new ones behind them, are all but so many; what is missing is counted.
fn all_but(dir: &Path, lost: u64, of: &str) {
    let spool = open(dir);
    let left = waiting(&spool);
    let dropped = spool.stats().dropped(DropReason::Broken);
    assert_eq!((400 - left.len() as u64, dropped.records), (lost, lost), "{of}");
    assert!(dropped.samples >= lost, "{of}: each record has a sample");
    append(&spool, 400..600);
    assert_eq!(waiting(&spool).len(), left.len() + 200, "{of}: what is new");
    assert_eq!(deliver(&spool, 1000).len(), left.len() + 200, "{of}");
    drop(spool);
    let spool = open(dir);
    assert_eq!(waiting(&spool), Vec::<u64>::new(), "{of}: once more");
    append(&spool, [600]);
    assert_eq!(waiting(&spool), [600], "{of}");
}

/// Of a segment: how many records are in it, by the name of the one after it.
fn records(segments: &[std::path::PathBuf], at: usize) -> u64 {
    let first = |at: usize| segments[at].file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap();
    first(at + 1) - first(at)
}

#[test]
fn each_bit_of_a_segments_start_may_flip_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    append(&open(dir.path()), 0..400);
    let count = segments(dir.path()).len();
    assert!(count > 3, "{count}");
    for (segment, bit) in (0..128).map(|bit| (bit % count, bit)) {
        let broken = copy(dir.path());
        let path = &segments(broken.path())[segment];
        let mut bytes = fs::read(path).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, bytes).unwrap();
        all_but(broken.path(), 0, &format!("bit {bit} of segment {segment}"));
    }
}

type Harm = fn(&Path);

#[test]
fn segments_that_are_gone_or_no_segments_any_more_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    append(&open(dir.path()), 0..400);
    let whole = segments(dir.path());
    let second = records(&whole, 1);
    let rows: [(&str, Harm, u64); 5] = [
        ("deleted", |path| fs::remove_file(path).unwrap(), second),
        ("emptied", |path| fs::write(path, []).unwrap(), second),
        ("other bytes", |path| fs::write(path, vec![7; 9000]).unwrap(), second),
        ("set aside before", |path| fs::rename(path, path.with_extension("broken")).unwrap(), second),
        (
            "one of no number",
            |path| fs::write(path.with_file_name("18446744073709551615.seg"), vec![255; 900]).unwrap(),
            0,
        ),
    ];
    for (of, harm, lost) in rows {
        let broken = copy(dir.path());
        harm(&segments(broken.path())[1]);
        all_but(broken.path(), lost, of);
    }
    let swapped = copy(dir.path());
    let paths = segments(swapped.path());
    let aside = paths[1].with_extension("x");
    for (from, to) in [(&paths[1], &aside), (&paths[2], &paths[1]), (&aside, &paths[2])] {
        fs::rename(from, to).unwrap();
    }
    all_but(swapped.path(), second + records(&whole, 2), "swapped");
}

#[test]
fn what_is_taken_from_a_living_spool_is_counted_and_what_comes_is_kept() {
    let whole = tempfile::tempdir().unwrap();
    append(&open(whole.path()), 0..400);
    let paths = segments(whole.path());
    for of in ["deleted", "cut off", "all of it"] {
        let dir = copy(whole.path());
        let spool = open(dir.path());
        let mut reader = spool.reader();
        assert!(spool.read(&mut reader, |_| true).is_some());
        let second = &segments(dir.path())[1];
        match of {
            "deleted" => fs::remove_file(second).unwrap(),
            "cut off" => fs::File::options().write(true).open(second).unwrap().set_len(5000).unwrap(),
            _ => fs::remove_dir_all(dir.path()).unwrap(),
        }
        spool.tend(at(1));
        append(&spool, 400..420);
        if of == "all of it" {
            let kept = waiting(&open(copy(dir.path()).path()));
            assert_eq!(kept, (400..420).collect::<Vec<_>>(), "{of}: after a restart");
        }
        let mut left = 0;
        while let Some(entry) = spool.read(&mut reader, |_| true) {
            left += 1;
            spool.ack(entry.receipt());
        }
        // The first record was read, and waits as it is not acknowledged, unless it is lost by now.
        let (waits, lost) =
            (spool.stats().pending.records, spool.stats().dropped(DropReason::Broken).records);
        assert_eq!(left + waits + lost, 420, "{of}");
        let most = records(&paths, 0) + records(&paths, 1);
        assert!(waits < 2 && lost <= most, "{of}: {waits} wait, {lost} are lost");
    }
}
