//! The directory of a spool: its segments in order, how much room they take, and how far delivery has come.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use super::acked::Acked;
use super::cursor::{self, Cursor};
use super::frame::{HEAD, Head};
use super::lock::Lock;
use super::segment::{START, Segment};

/// What `du` counts of anything: whole blocks.
const BLOCK: u64 = 4096;

/// So many files besides the newest are kept open: readers are at one or two places.
const OPEN_FILES: usize = 4;

/// A newest segment that is done with is deleted from this length on: then it mostly never reaches the disk.
const RECYCLE: u64 = 256 << 10;

/// A directory with segments.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) dir: PathBuf,
    pub(super) lock: Lock,
    pub(super) cursor: Option<Cursor>,
    /// By sequence; only the last is appended to.
    pub(super) segments: VecDeque<Segment>,
    /// Files that were set aside, the oldest first.
    pub(super) aside: VecDeque<(PathBuf, u64)>,
    pub(super) max_bytes: u64,
    pub(super) segment_bytes: u64,
    /// New files are to be there after a power cut.
    pub(super) lasting: bool,
    /// Segments that were opened lately, by first sequence.
    pub(super) opened: VecDeque<u64>,
}

/// Bytes that a file of this length takes.
pub(super) fn blocks(len: u64) -> u64 {
    len.div_ceil(BLOCK) * BLOCK
}

impl Disk {
    /// Bytes that everything takes: segments, files set aside, the cursor and the directory itself.
    pub(super) fn used(&self) -> u64 {
        let segments: u64 = self.segments.iter().map(|segment| blocks(segment.len)).sum();
        let aside: u64 = self.aside.iter().map(|(_, len)| blocks(*len)).sum();
        segments.saturating_add(aside) + blocks(cursor::FILE_LEN) + BLOCK
    }

    /// Whether the next record goes into the newest segment.
    fn continues(&self, seq: u64) -> bool {
        self.segments.back().is_some_and(|last| {
            !last.ended && !last.damaged && last.next == seq && last.len < self.segment_bytes
        })
    }

    /// Bytes by which [`Disk::used`] grows with a record of this length, or more.
    fn growth(&self, seq: u64, payload: usize) -> u64 {
        // An end is written behind the last record of each segment.
        let frame = (2 * HEAD + payload) as u64;
        match self.segments.back() {
            Some(last) if self.continues(seq) => blocks(last.len + frame) - blocks(last.len),
            Some(last) => blocks(last.len + HEAD as u64) - blocks(last.len) + blocks(START + frame),
            None => blocks(START + frame),
        }
    }

    /// Whether something must go before a record of this length fits.
    pub(super) fn is_full(&self, seq: u64, payload: usize) -> bool {
        self.used() + self.growth(seq, payload) > self.max_bytes
    }

    /// Appends a record to the newest segment, or to a new one.
    pub(super) fn append(&mut self, head: &Head, payload: &[u8]) -> io::Result<()> {
        if !self.continues(head.seq) {
            if let Some(last) = self.segments.back_mut() {
                last.end();
                if self.lasting {
                    last.file()?.sync_data()?;
                }
            }
            let segment = Segment::create(&self.dir, head.seq)?;
            if self.lasting {
                self.lock.sync()?;
            }
            if let Some(before) = self.segments.back() {
                let before = before.first;
                self.touched(before);
            }
            self.segments.push_back(segment);
        }
        match self.segments.back_mut() {
            Some(last) => last.append(head, payload),
            None => Err(io::Error::other("no segment to append to")),
        }
    }

    /// Says that this segment's file is open now; others are closed.
    pub(super) fn touched(&mut self, first: u64) {
        self.opened.retain(|known| *known != first);
        self.opened.push_back(first);
        if self.opened.len() > OPEN_FILES
            && let Some(oldest) = self.opened.pop_front()
        {
            let newest = self.segments.len().saturating_sub(1);
            let place = self.place_of(oldest);
            if place < newest
                && let Some(segment) = self.segments.get_mut(place)
            {
                segment.file = None;
            }
        }
    }

    /// The place of the first segment that has this sequence or a later one.
    pub(super) fn place_of(&self, seq: u64) -> usize {
        self.segments.partition_point(|segment| segment.next <= seq)
    }

    /// Deletes the oldest file that was set aside; whether there was one.
    pub(super) fn forget_aside(&mut self) -> io::Result<bool> {
        let Some((path, _)) = self.aside.front() else { return Ok(false) };
        remove(path)?;
        self.aside.pop_front();
        Ok(true)
    }

    /// Deletes the oldest segment, or sets it aside where it is damaged and `keep` says so.
    pub(super) fn remove_front(&mut self, keep: bool) -> io::Result<()> {
        let Some(front) = self.segments.front() else { return Ok(()) };
        if front.damaged && keep {
            let aside = front.path.with_extension("broken");
            match std::fs::rename(&front.path, &aside) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                renamed => renamed.map(|()| self.aside.push_back((aside, front.len)))?,
            }
        } else {
            remove(&front.path)?;
        }
        self.segments.pop_front();
        Ok(())
    }

    /// Deletes segments that are done with.
    pub(super) fn clean(&mut self, acked: &Acked) -> io::Result<()> {
        while let Some(front) = self.segments.front() {
            let newest = self.segments.len() == 1;
            let done = front.next <= acked.oldest() && (!newest || front.ended || front.len >= RECYCLE);
            if !done {
                break;
            }
            self.remove_front(true)?;
        }
        // What is set aside is for people to look at: not more than an eighth of the room.
        while self.aside.iter().map(|(_, len)| blocks(*len)).sum::<u64>() > self.max_bytes / 8 {
            if !self.forget_aside()? {
                break;
            }
        }
        Ok(())
    }

    /// Writes down what is done with.
    pub(super) fn keep(&mut self, acked: &Acked) -> io::Result<()> {
        let cursor = match &mut self.cursor {
            Some(cursor) => cursor,
            // It could not be opened before.
            none => none.insert(Cursor::open(&self.dir)?.0),
        };
        cursor.write(acked)
    }
}

/// Deletes a file; one that is gone already is no error.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
