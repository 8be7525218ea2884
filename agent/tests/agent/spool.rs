//! The spool: what was appended comes out, in order and unchanged, whatever happened in between; and it never
//! takes more than it may.

mod bounds;
mod broken;
mod full_disk;
mod killed;
mod order;
mod records;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent::spool::{Entry, MIN_BYTES, Payload, Spool, SpoolSettings, SyncPolicy};

fn settings(dir: &Path) -> SpoolSettings {
    SpoolSettings {
        dir: Some(dir.to_owned()),
        max_bytes: MIN_BYTES,
        sync: SyncPolicy::Never,
        ..SpoolSettings::default()
    }
}

fn open(dir: &Path) -> Spool {
    Spool::open(settings(dir)).unwrap()
}

/// A moment so many seconds after another one.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

/// Bytes that only this number has, of a length that it chooses.
fn payload(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let len = 20 + number.wrapping_mul(7919) % 3000;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    number.to_le_bytes().into_iter().chain((0..len).map(|_| next())).collect()
}

/// The number that these bytes were made of; they must be whole.
fn number(entry: &Entry) -> u64 {
    let Payload::Packed(bytes) = &entry.payload else { panic!("{:?}", entry.payload) };
    let number = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    assert!(*bytes == payload(number), "record {number} came back changed");
    number
}

fn append(spool: &Spool, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        spool.append(u16::try_from(number % 4).unwrap(), 10, &payload(number), at(0)).unwrap();
    }
}

/// The numbers that wait, by a new reader, without acknowledging them.
fn waiting(spool: &Spool) -> Vec<u64> {
    let mut reader = spool.reader();
    std::iter::from_fn(|| spool.read(&mut reader, |_| true)).map(|entry| number(&entry)).collect()
}

/// Reads so many, and acknowledges them.
fn deliver(spool: &Spool, count: usize) -> Vec<u64> {
    let mut reader = spool.reader();
    let entries: Vec<_> = std::iter::from_fn(|| spool.read(&mut reader, |_| true)).take(count).collect();
    for entry in &entries {
        spool.ack(entry.receipt());
    }
    entries.iter().map(number).collect()
}

/// Bytes that a directory takes, as `du` counts: blocks, its own among them.
fn du(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap());
    files.chain([std::fs::metadata(dir).unwrap()]).map(|file| file.blocks() * 512).sum()
}

/// The segments of a directory in order.
fn segments(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|name| name == "seg"));
    paths.sort();
    paths
}

fn list(numbers: impl IntoIterator<Item = u64>) -> Vec<u64> {
    numbers.into_iter().collect()
}
