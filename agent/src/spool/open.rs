//! Opening a directory: what is there is read, a torn end is cut off, and what is no segment is set aside.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::OpenError;
use super::acked::Acked;
use super::cursor::Cursor;
use super::disk::{Disk, remove};
use super::frame::HEAD;
use super::lock::Lock;
use super::segment::{Found, START, Segment, number_of};
use super::settings::{SpoolSettings, SyncPolicy};

/// What opening found.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) disk: Disk,
    pub(super) acked: Acked,
    /// The sequence of the next record.
    pub(super) next: u64,
    pub(super) torn: u64,
    pub(super) broken: u64,
    /// Records that are in no segment any more, and were not done with.
    pub(super) lost: u64,
    /// What the disk refused meanwhile.
    pub(super) trouble: Option<io::Error>,
}

/// Opens the directory, making it if need be.
pub(super) fn open(dir: &Path, settings: &SpoolSettings) -> Result<Opened, OpenError> {
    let failed = |error| OpenError::Dir { dir: dir.to_owned(), error };
    if !dir.is_dir() {
        fs::create_dir_all(dir).map_err(failed)?;
    }
    let lock = Lock::take(dir).map_err(failed)?.ok_or_else(|| OpenError::InUse { dir: dir.to_owned() })?;
    let (mut names, mut aside) = list(dir).map_err(failed)?;
    names.sort();
    let mut disk = Disk {
        dir: dir.to_owned(),
        lock,
        cursor: None,
        segments: VecDeque::new(),
        aside: VecDeque::new(),
        max_bytes: settings.max_bytes,
        segment_bytes: settings.segment_bytes(),
        lasting: settings.sync != SyncPolicy::Never,
        opened: VecDeque::new(),
    };
    let (mut torn, mut broken, mut trouble, mut unread) = (0, 0, None, Vec::new());
    for path in names {
        let len = fs::metadata(&path).map_err(failed)?.len();
        let Some(mut segment) = Segment::open(path.clone()).map_err(failed)? else {
            if len <= START {
                // It was begun when its process ended: nothing was in it.
                trouble = remove(&path).err().or(trouble);
            } else {
                broken += 1;
                unread.extend(number_of(&path));
                let to = path.with_extension("broken");
                trouble = fs::rename(&path, &to).err().or(trouble);
                aside.push((to, len));
            }
            continue;
        };
        if scan(&mut segment).map_err(failed)? {
            torn += 1;
        }
        let first = segment.first;
        disk.segments.push_back(segment);
        disk.touched(first);
    }
    aside.sort();
    disk.aside = aside.into();
    let kept = match Cursor::open(dir) {
        Ok((cursor, kept)) => {
            disk.cursor = Some(cursor);
            kept
        }
        Err(error) => {
            trouble = Some(error);
            Cursor::peek(dir)
        }
    };
    part(&mut disk);
    let (acked, next, lost) = settle(&disk, kept, &unread);
    Ok(Opened { disk, acked, next, torn, broken, lost, trouble })
}

/// No segment has sequences of the one after it, whatever stands in it.
fn part(disk: &mut Disk) {
    let firsts: Vec<u64> = disk.segments.iter().skip(1).map(|segment| segment.first).collect();
    for (segment, after) in disk.segments.iter_mut().zip(firsts) {
        if segment.next > after {
            (segment.next, segment.damaged) = (after, true);
        }
    }
}

/// What is done with: what the cursor says, and what is in no segment. Also the sequence of the next record, which
/// is never one that is done with; and how many records are gone that were not, as the gaps between segments say.
fn settle(disk: &Disk, kept: Option<Acked>, unread: &[u64]) -> (Acked, u64, u64) {
    let first = disk.segments.front().map(|segment| segment.first);
    // Without a cursor everything that is there is sent: twice is better than never.
    let mut acked = kept.unwrap_or_else(|| Acked::starting_at(first.unwrap_or(1)));
    let mut next = disk.segments.back().map_or(0, |segment| segment.next).max(acked.top()).max(1);
    // Of a newest segment that was set aside it is only known that something was in it.
    next += u64::from(unread.contains(&next));
    let (mut before, mut lost) = (acked.oldest(), 0);
    let gaps = disk.segments.iter().map(|segment| (segment.first, segment.next));
    for (first, after) in gaps.chain([(next, next)]) {
        lost += acked.pending_in(before, first);
        acked.insert(before, first);
        before = after.max(before);
    }
    (acked, next, lost)
}

type Files = (Vec<PathBuf>, Vec<(PathBuf, u64)>);

/// The segments of a directory, and the files that were set aside with their lengths.
fn list(dir: &Path) -> io::Result<Files> {
    let (mut segments, mut aside) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("seg") => segments.push(path),
            Some("broken") => aside.push((path, entry.metadata()?.len())),
            _ => {}
        }
    }
    Ok((segments, aside))
}

/// Finds the end of a segment; whether a half-written record was cut off there.
fn scan(segment: &mut Segment) -> io::Result<bool> {
    if let Some(end) = segment.len.checked_sub(HEAD as u64).filter(|at| *at >= START)
        && let Some(head) = segment.end_at(end)?
    {
        (segment.next, segment.newest_ms, segment.ended) = (head.seq.max(segment.first), head.time_ms, true);
        return Ok(false);
    }
    let mut at = START;
    loop {
        match segment.found(at, segment.next)? {
            Found::End => {
                // Only an end behind which nothing comes is one.
                segment.ended = at < segment.len;
                return Ok(false);
            }
            Found::Record(head) if segment.payload(at, &head)?.is_some() => {
                segment.next = head.seq + 1;
                segment.newest_ms = segment.newest_ms.max(head.time_ms);
                at += head.frame_len();
            }
            _ => {
                let Some((place, head)) = segment.resync(at, segment.next)? else {
                    segment.cut(at);
                    return Ok(true);
                };
                // Something in the middle is broken: what is behind it still reads.
                segment.damaged = true;
                segment.next = head.seq;
                at = place;
            }
        }
    }
}
