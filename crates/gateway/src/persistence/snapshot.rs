//! All groups in one file, which is there whole or not at all.

use std::io;

use super::Source;
use super::disk::Disk;
use super::files::Files;
use super::frame::{Head, Nature};
use super::record::Record;

/// Groups that are taken at a time: their lock is held for as long.
const PART: usize = 128;
/// Bytes that are written at once.
const BATCH: usize = 1 << 20;

/// A snapshot that is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) number: u64,
    pub(super) bytes: u64,
    pub(super) groups: u64,
}

/// Writes a snapshot that the logs of this number and above go on from: the log of that number must
/// take all that changes from before this begins.
///
/// `before` is called when all groups have been taken, and before any of it counts: the log must have
/// every change that the snapshot has, or what the log says of before would be applied to what came after.
pub(super) fn write(
    disk: &dyn Disk,
    files: &Files,
    number: u64,
    source: &dyn Source,
    before: impl FnOnce() -> io::Result<()>,
) -> io::Result<Written> {
    let unfinished = files.unfinished();
    disk.remove(&unfinished)?;
    let written = fill(disk, files, number, source).and_then(|written| before().map(|()| written));
    if written.is_err() {
        // Its room may be what is missing.
        let _ = disk.remove(&unfinished);
    }
    let written = written?;
    disk.rename(&unfinished, files.snapshot())?;
    disk.sync_names(files.snapshot())?;
    Ok(written)
}

fn fill(disk: &dyn Disk, files: &Files, number: u64, source: &dyn Source) -> io::Result<Written> {
    let mut file = disk.create(&files.unfinished())?;
    let head = Head::new(number, number);
    let mut out = head.bytes(Nature::Snapshot);
    let mut written = Written { number, bytes: 0, groups: 0 };
    let mut after = 0;
    loop {
        let (groups, next) = source.part(after, PART);
        for kept in groups {
            written.groups += 1;
            head.frame(&mut out, |out| Record::Group { kept, whole: true }.write(out));
            if out.len() >= BATCH {
                written.bytes += out.len() as u64;
                file.append(&out)?;
                out.clear();
            }
        }
        match next {
            Some(next) => after = next,
            None => break,
        }
    }
    head.frame(&mut out, |out| Record::End(written.groups).write(out));
    written.bytes += out.len() as u64;
    file.append(&out)?;
    file.sync()?;
    Ok(written)
}
