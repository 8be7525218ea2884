//! One file of records: appended to until it is long enough, read any number of times, then deleted.
//!
//! Sequences in a segment have no gaps. It begins with its magic and its first sequence, and ends with a frame
//! that says that it is complete; one without was being written to when its process ended.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::frame::{self, HEAD, Head, Kind, LAST_SEQ};

/// The first bytes of a file, the version of the format among them.
const MAGIC: &[u8; 8] = b"ppspool\x01";

/// Bytes before the first frame.
pub(super) const START: u64 = 16;

/// Bytes that are looked through at once for the next frame that holds.
const WINDOW: usize = 64 << 10;

/// One file of records.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) first: u64,
    /// One past the sequence of its last record.
    pub(super) next: u64,
    pub(super) len: u64,
    pub(super) newest_ms: i64,
    /// Nothing is appended any more.
    pub(super) ended: bool,
    /// Something in it does not read: it is set aside when it is done with.
    pub(super) damaged: bool,
    pub(super) path: PathBuf,
    /// Open where it was used lately.
    pub(super) file: Option<Arc<File>>,
}

/// What stands at a place of a segment.
#[derive(Debug)]
pub(super) enum Found {
    /// A record of the sequence that was expected, by its head.
    Record(Head),
    /// No more records.
    End,
    /// Neither.
    Bad,
}

/// The first sequence of the segment of this name.
pub(super) fn number_of(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    let is_number = stem.len() == 20 && stem.bytes().all(|byte| byte.is_ascii_digit());
    stem.parse().ok().filter(|first| is_number && *first <= LAST_SEQ)
}

/// What was read, if it is there: a file that was cut off meanwhile is broken from there on.
fn there<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(Some),
    }
}

impl Segment {
    pub(super) fn path_of(dir: &Path, first: u64) -> PathBuf {
        dir.join(format!("{first:020}.seg"))
    }

    /// Begins a file. Nothing is left of it where that fails.
    pub(super) fn create(dir: &Path, first: u64) -> io::Result<Self> {
        let path = Self::path_of(dir, first);
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        let start = [MAGIC.as_slice(), &first.to_le_bytes()].concat();
        if let Err(error) = file.write_all_at(&start, 0) {
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        let file = Some(Arc::new(file));
        Ok(Self { file, path, first, next: first, len: START, newest_ms: 0, ended: false, damaged: false })
    }

    /// Opens a file that is there: `None` where it is no segment of this version.
    ///
    /// Its first sequence stands three times: in its name, in its start, and in its first record. The start has no
    /// checksum, so where it is not what the name says, records must say that they are of the name.
    pub(super) fn open(path: PathBuf) -> io::Result<Option<Self>> {
        let Some(first) = number_of(&path) else { return Ok(None) };
        let writable = File::options().read(true).write(true).open(&path);
        let file = writable.or_else(|_| File::open(&path))?;
        let len = file.metadata()?.len();
        let mut start = [0; 16];
        if len < START || file.read_exact_at(&mut start, 0).is_err() {
            return Ok(None);
        }
        let file = Some(Arc::new(file));
        let damaged = start[..8] != *MAGIC || start[8..] != first.to_le_bytes();
        let mut segment = Self { file, path, first, next: first, len, newest_ms: 0, ended: false, damaged };
        Ok((!damaged || segment.is_of_its_name()?).then_some(segment))
    }

    fn is_of_its_name(&mut self) -> io::Result<bool> {
        match self.head(START)? {
            Some(head) => Ok(head.seq == self.first),
            None => Ok(self.resync(START, self.first)?.is_some()),
        }
    }

    /// Whether its file has no name any more: somebody deleted it, and what is written to it ends with us.
    pub(super) fn is_gone(&mut self) -> bool {
        self.file().and_then(|file| file.metadata()).is_ok_and(|file| file.nlink() == 0)
    }

    pub(super) fn file(&mut self) -> io::Result<Arc<File>> {
        if let Some(file) = &self.file {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(&self.path)?);
        self.file = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Appends a record; after an error the file is as it was before.
    pub(super) fn append(&mut self, head: &Head, payload: &[u8]) -> io::Result<()> {
        let mut frame = Vec::with_capacity(HEAD + payload.len());
        head.put(payload, &mut frame);
        let file = self.file()?;
        if let Err(error) = file.write_all_at(&frame, self.len) {
            if file.set_len(self.len).is_err() {
                // A half-written end stays: nothing may come behind it.
                self.ended = true;
            }
            return Err(error);
        }
        self.len += frame.len() as u64;
        self.next = head.seq + 1;
        self.newest_ms = self.newest_ms.max(head.time_ms);
        Ok(())
    }

    /// Says in the file that it is complete, so that opening it again need not read all of it.
    pub(super) fn end(&mut self) {
        if self.ended {
            return;
        }
        let (seq, time_ms) = (self.next, self.newest_ms);
        let head = Head { crc: 0, len: 0, samples: 0, seq, time_ms, shard: 0, kind: Kind::End };
        let mut frame = Vec::with_capacity(HEAD);
        head.put(&[], &mut frame);
        let written = self.file().and_then(|file| file.write_all_at(&frame, self.len));
        match written {
            Ok(()) => self.len += frame.len() as u64,
            // It is only slower to open.
            Err(_) => {
                let _ = self.file().and_then(|file| file.set_len(self.len));
            }
        }
        self.ended = true;
    }

    /// What is at this place, where a record of this sequence is expected.
    pub(super) fn found(&mut self, at: u64, expected: u64) -> io::Result<Found> {
        if at == self.len {
            return Ok(Found::End);
        }
        let Some(head) = self.head(at)? else { return Ok(Found::Bad) };
        Ok(match head.kind {
            Kind::End => Found::End,
            Kind::Record if head.seq == expected => Found::Record(head),
            Kind::Record => Found::Bad,
        })
    }

    /// The end that a complete segment has at this place.
    pub(super) fn end_at(&mut self, at: u64) -> io::Result<Option<Head>> {
        Ok(self.raw_head(at)?.and_then(|raw| Head::read(&raw)).filter(|head| head.kind == Kind::End))
    }

    /// Cuts off what is behind this place; where the disk refuses that, nothing more is appended.
    pub(super) fn cut(&mut self, at: u64) {
        let cut = self.file().and_then(|file| file.set_len(at));
        self.ended = cut.is_err();
        self.len = at;
    }

    fn raw_head(&mut self, at: u64) -> io::Result<Option<[u8; HEAD]>> {
        let mut bytes = [0; HEAD];
        Ok(there(self.file()?.read_exact_at(&mut bytes, at))?.map(|()| bytes))
    }

    /// A head whose frame fits into the file.
    fn head(&mut self, at: u64) -> io::Result<Option<Head>> {
        if at + HEAD as u64 > self.len {
            return Ok(None);
        }
        let head = self.raw_head(at)?.and_then(|raw| Head::read(&raw));
        Ok(head.filter(|head| at + head.frame_len() <= self.len))
    }

    /// The payload behind this head, if the checksum is right.
    pub(super) fn payload(&mut self, at: u64, head: &Head) -> io::Result<Option<Vec<u8>>> {
        let mut payload = vec![0; head.len as usize];
        let read = there(self.file()?.read_exact_at(&mut payload, at + HEAD as u64))?;
        Ok(read.filter(|()| head.holds(&payload)).map(|()| payload))
    }

    /// The next place behind this one where a record holds, with its head: what is between is lost.
    pub(super) fn resync(&mut self, behind: u64, expected: u64) -> io::Result<Option<(u64, Head)>> {
        let mut at = behind + 1;
        let mut window = vec![0; WINDOW];
        while at + (HEAD as u64) <= self.len {
            let len = WINDOW.min(usize::try_from(self.len - at).unwrap_or(WINDOW));
            if there(self.file()?.read_exact_at(&mut window[..len], at))?.is_none() {
                // It is shorter than it was: what is still there is looked at by less at once.
                let left = self.file()?.metadata()?.len().saturating_sub(at);
                match usize::try_from(left) {
                    Ok(left) if left >= HEAD && left < len => self.len = at + left as u64,
                    _ => return Ok(None),
                }
                continue;
            }
            let mut from = 0;
            while let Some(found) = frame::find_marker(&window[from..len]) {
                let place = at + (from + found) as u64;
                if let Some(head) = self.head(place)?
                    && head.kind == Kind::Record
                    && head.seq >= expected
                    && self.payload(place, &head)?.is_some()
                {
                    return Ok(Some((place, head)));
                }
                from += found + 1;
            }
            // A marker may stand across two windows.
            at += (len - 3) as u64;
        }
        Ok(None)
    }
}
