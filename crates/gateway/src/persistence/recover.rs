//! Reading what is there at the start, and saying what cannot be read.
//!
//! Nothing is written here: on a disk that takes no writes, what it has is served all the same.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::disk::Disk;
use super::files::Files;
use super::frame::{Head, Nature, Stranger};
use super::model::Model;
use super::record::Record;
use crate::groups::Kept;

/// What the files say.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    /// The groups in the order of their first push, also those whose time has come since.
    pub(super) groups: Vec<Kept>,
    /// The number of the snapshot that was read; 0 if none.
    pub(super) base: u64,
    /// Bytes of that snapshot.
    pub(super) snapshot_bytes: u64,
    /// The number that the next log gets.
    pub(super) next: u64,
    /// Logs that a new snapshot makes superfluous, those that already are among them.
    pub(super) logs: Vec<u64>,
    /// Whether the snapshot is a file of the real gateway.
    pub(super) theirs: bool,
    /// Whether there is anything that the snapshot does not have.
    pub(super) changed: bool,
    /// What is to get a second name before anything may replace it.
    pub(super) faults: Vec<Fault>,
}

/// A file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The file; none where it is missing.
    pub(super) file: Option<PathBuf>,
    /// What is wrong with it, and what is lost.
    pub(super) what: String,
}

impl Recovered {
    fn fault(&mut self, file: Option<&Path>, what: String) {
        self.changed = true;
        self.faults.push(Fault { file: file.map(Path::to_owned), what });
    }
}

/// Reads all files. Errors are those of reading alone: what cannot be read must not be replaced.
pub(super) fn read(disk: &dyn Disk, files: &Files) -> Result<Recovered, (PathBuf, io::Error)> {
    let named = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    let mut found = Recovered::default();
    let mut model = Model::default();
    let snapshot = files.snapshot();
    let there = disk.read(snapshot).map_err(named(snapshot))?;
    let has_snapshot = there.is_some();
    if let Some(bytes) = there {
        found.snapshot_bytes = bytes.len() as u64;
        let part = contents(Nature::Snapshot, &bytes.into(), &mut model);
        found.base = part.head.map_or(0, |head| head.number);
        found.theirs = part.theirs;
        let what = part.stranger.clone().or_else(|| {
            let lost = part.lost(true)?;
            let (has, had) = (part.groups, part.end);
            let of = had.map_or_else(String::new, |had| format!(" of {had}"));
            Some(format!("{lost}; {has}{of} groups could be read"))
        });
        if let Some(what) = what {
            found.fault(Some(snapshot), what);
        }
    }
    let beside = disk.beside(snapshot).map_err(named(snapshot))?;
    found.logs = beside.iter().filter_map(|path| files.log_number(path)).collect();
    found.logs.sort_unstable();
    // A number that was ever taken is not taken again, even by a file that is left over.
    found.next = found.logs.last().map_or(found.base, |last| last.saturating_add(1)).max(found.base).max(1);
    let mut expected = (found.base > 0).then_some(found.base);
    let base = found.base;
    for number in found.logs.clone().into_iter().filter(|number| *number >= base) {
        let path = files.log(number);
        let Some(bytes) = disk.read(&path).map_err(named(&path))? else { continue };
        let part = contents(Nature::Log, &bytes.into(), &mut model);
        found.changed |= part.records > 0;
        if let Some(what) = part.stranger.clone().or_else(|| part.lost(false)) {
            found.fault(Some(&path), what);
        } else if let Some(torn) = &part.torn {
            let bytes = torn.len();
            tracing::warn!(file = %path.display(), bytes, "the end of the log was cut off; what is whole is taken");
        }
        if let Some(base) = part.head.map(|head| head.base).filter(|base| *base > 0 && !has_snapshot) {
            if expected.is_none() {
                found.fault(
                    None,
                    format!("the snapshot {base} that {} goes on from is missing", path.display()),
                );
            }
        } else if let Some(expected) = expected.filter(|expected| *expected != number) {
            found.fault(
                None,
                format!("{} is missing, or others before {}", files.log(expected).display(), path.display()),
            );
        }
        expected = Some(number + 1);
    }
    found.groups = model.finish();
    Ok(found)
}

/// What one file held.
#[derive(Default)]
struct Part {
    head: Option<Head>,
    stranger: Option<String>,
    theirs: bool,
    records: usize,
    groups: u64,
    end: Option<u64>,
    damaged: Vec<Range<usize>>,
    torn: Option<Range<usize>>,
    strange: Vec<String>,
}

impl Part {
    /// What is lost of it, if anything is that a crash does not explain.
    fn lost(&self, needs_end: bool) -> Option<String> {
        let mut lost: Vec<String> = self.strange.clone();
        let torn = self.torn.iter().filter(|_| needs_end);
        for range in self.damaged.iter().chain(torn) {
            lost.push(format!("bytes {} to {} are damaged", range.start, range.end));
        }
        if needs_end && lost.is_empty() && self.end.is_none_or(|count| count != self.groups) {
            lost.push("its end is missing".to_owned());
        }
        if lost.len() > 5 {
            let more = lost.len() - 5;
            lost.truncate(5);
            lost.push(format!("{more} more"));
        }
        (!lost.is_empty()).then(|| lost.join(", "))
    }
}

fn contents(nature: Nature, bytes: &Bytes, model: &mut Model) -> Part {
    let mut part = Part::default();
    let head = match Head::read(nature, bytes) {
        Ok(Some(head)) => head,
        Ok(None) if nature == Nature::Log => {
            part.torn = (!bytes.is_empty()).then_some(0..bytes.len());
            return part;
        }
        Ok(None) => {
            return Part {
                stranger: Some("its head is missing; nothing of it could be read".to_owned()),
                ..part
            };
        }
        Err(stranger) => {
            // The name of the type stands at the front of what Go's encoder writes.
            const GOB: &[u8] = b"GroupingKeyToMetricGroup";
            part.theirs = bytes[..bytes.len().min(256)].windows(GOB.len()).any(|window| window == GOB);
            return Part { stranger: Some(words(&stranger)), ..part };
        }
    };
    part.head = Some(head);
    let scan = head.scan(bytes, nature.head_length());
    (part.damaged, part.torn) = (scan.damaged, scan.torn);
    for range in scan.records {
        let start = range.start;
        match Record::read(&bytes.slice(range)) {
            Ok(Record::End(count)) => part.end = Some(count),
            Ok(record) => {
                part.records += 1;
                part.groups += u64::from(matches!(record, Record::Group { .. }));
                model.apply(record);
            }
            Err(error) => part.strange.push(format!("at byte {start} is {error}")),
        }
    }
    part
}

fn words(stranger: &Stranger) -> String {
    match stranger {
        Stranger::Foreign => "it is no file of this gateway; nothing of it was read".to_owned(),
        Stranger::Newer(version) => {
            format!("it has version {version}, and this gateway reads version 1; nothing of it was read")
        }
        Stranger::Damaged => "its first bytes are damaged; nothing of it could be read".to_owned(),
    }
}
