//! The rules of a spool behind its lock: what is appended where, what is dropped, and what is counted.

mod drops;

use std::io;

use bytes::Bytes;
use exposition::remote_write::Record;

use super::acked::Acked;
use super::disk::Disk;
use super::frame::{Head, Kind};
use super::hot::Hot;
use super::memory::{Memory, Payload};
use super::reader::{Reader, Step, Wanted};
use super::settings::{SpoolSettings, SyncPolicy};
use super::stats::{Amount, DropReason, SpoolStats};

/// A disk that refused something is left alone so long.
const RETRY_MS: i64 = 1000;

/// Everything that a spool knows.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) settings: SpoolSettings,
    pub(super) disk: Option<Disk>,
    pub(super) memory: Memory,
    pub(super) hot: Hot,
    pub(super) acked: Acked,
    /// The sequence of the next record.
    pub(super) next: u64,
    pub(super) pending_samples: u64,
    pub(super) stats: SpoolStats,
    /// Goes along at the oldest record that waits.
    pub(super) oldest: Reader,
    /// The disk is left alone until then.
    pub(super) retry_ms: i64,
    /// It was full when it was last written to.
    pub(super) no_room: bool,
    pub(super) synced_ms: i64,
    pub(super) unsynced: bool,
    /// What is done with could not be written down.
    pub(super) unkept: bool,
}

/// Everything that is not done with.
struct All<'a>(&'a Acked);

impl Wanted for All<'_> {
    fn pending(&self, seq: u64) -> u64 {
        self.0.next_pending(seq)
    }

    fn wants(&self, _head: &Head) -> bool {
        true
    }
}

/// What one reader wants.
struct Of<'a, F>(&'a Acked, F);

impl<F: Fn(u16) -> bool> Wanted for Of<'_, F> {
    fn pending(&self, seq: u64) -> u64 {
        self.0.next_pending(seq)
    }

    fn wants(&self, head: &Head) -> bool {
        (self.1)(head.shard) && !self.0.contains(head.seq)
    }
}

impl Store {
    /// Appends a record as bytes, and if it is there, as it was before it was packed.
    pub(super) fn append(
        &mut self,
        (shard, samples): (u16, u32),
        payload: &[u8],
        record: Option<&Record>,
        now_ms: i64,
    ) -> u64 {
        let head = self.next(shard, samples, payload.len(), now_ms);
        let seq = head.seq;
        let limit = if self.disk.is_some() { self.settings.memory_bytes } else { self.settings.max_bytes };
        loop {
            self.flush(now_ms);
            if self.disk.is_some() && self.memory.len() == 0 && !self.rests(now_ms) {
                match self.write(&head, payload) {
                    Ok(()) => {
                        if let Some(record) = record {
                            self.hot.push(head, record.clone());
                        }
                        return seq;
                    }
                    Err(error) => self.refused(&error, now_ms),
                }
            }
            let fits = self.memory.bytes() + Memory::cost(payload.len()) <= limit;
            // On a full disk the oldest makes room for the newest, too. Each round drops a segment.
            let relieved = !fits && self.no_room && self.has_segments();
            if !relieved || self.drop_front(DropReason::Disk).is_err() {
                break;
            }
            self.retry_ms = i64::MIN;
        }
        self.make_room(payload.len(), limit);
        self.memory.push(head, Payload::Packed(Bytes::copy_from_slice(payload)));
        seq
    }

    /// The same where all is in memory.
    pub(super) fn append_loose(
        &mut self,
        (shard, samples): (u16, u32),
        record: Record,
        most: u64,
        now_ms: i64,
    ) -> u64 {
        let len = record.memory();
        let head = self.next(shard, samples, len, now_ms);
        self.make_room(len, self.settings.max_bytes);
        self.memory.push_loose(head, record, most);
        head.seq
    }

    /// The head of the next record.
    fn next(&mut self, shard: u16, samples: u32, len: usize, now_ms: i64) -> Head {
        self.expire(now_ms);
        let seq = self.next;
        self.next += 1;
        self.pending_samples += u64::from(samples);
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        Head { crc: 0, len, samples, seq, time_ms: now_ms, shard, kind: Kind::Record }
    }

    /// Whether the disk is left alone; not until a clock that was set back has caught up.
    fn rests(&self, now_ms: i64) -> bool {
        self.retry_ms > now_ms && self.retry_ms <= now_ms.saturating_add(RETRY_MS)
    }

    fn has_segments(&self) -> bool {
        self.disk.as_ref().is_some_and(|disk| !disk.segments.is_empty())
    }

    /// Moves to the disk what is in memory because the disk could not be written to.
    pub(super) fn flush(&mut self, now_ms: i64) {
        if self.disk.is_none() || self.rests(now_ms) {
            return;
        }
        while let Some((head, payload)) = self.memory.front().cloned() {
            if !self.acked.contains(head.seq)
                && let Err(error) = self.write(&head, &payload.packed())
            {
                return self.refused(&error, now_ms);
            }
            self.memory.pop();
        }
        if self.unkept {
            self.keep();
        }
    }

    /// Writes a record to the disk, after making room for it within the bounds.
    fn write(&mut self, head: &Head, payload: &[u8]) -> io::Result<()> {
        while let Some(disk) = &mut self.disk
            && disk.is_full(head.seq, payload.len())
            && (disk.forget_aside()? || !disk.segments.is_empty())
        {
            if disk.aside.is_empty() && disk.is_full(head.seq, payload.len()) {
                self.drop_front(DropReason::Bytes)?;
            }
        }
        let Some(disk) = &mut self.disk else { return Err(io::Error::other("there is no disk")) };
        disk.append(head, payload)?;
        self.unsynced = true;
        self.no_room = false;
        if self.stats.trouble.take().is_some() {
            tracing::info!(dir = %disk.dir.display(), "the spool can be written to again");
        }
        Ok(())
    }

    /// Notes that the disk refused a record, and leaves it alone for a moment.
    pub(super) fn refused(&mut self, error: &io::Error, now_ms: i64) {
        self.retry_ms = now_ms.saturating_add(RETRY_MS);
        self.no_room = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        self.told(error);
    }

    /// Counts what the disk refused, and tells it when it begins.
    pub(super) fn told(&mut self, error: &io::Error) {
        self.stats.disk_errors += 1;
        if let Some(disk) = &self.disk
            && self.stats.trouble.is_none()
        {
            tracing::error!(
                dir = %disk.dir.display(), %error,
                "the spool is in trouble: what it cannot write stays in memory, and is lost if that fills or the agent ends"
            );
        }
        self.stats.trouble = Some(error.to_string());
    }

    /// The head of the oldest record that waits.
    pub(super) fn oldest_head(&mut self) -> Option<Head> {
        loop {
            self.oldest.next = self.acked.oldest();
            match self.disk.as_mut().map(|disk| disk.step(&mut self.oldest, &All(&self.acked), false)) {
                Some(Ok(Step::Record(head, _))) => return Some(head),
                Some(Ok(Step::Lost(from, until, samples))) => self.lose(from, until, samples),
                Some(Err(_)) => return None,
                Some(Ok(Step::End)) | None => {
                    return self.memory.from(self.acked.oldest()).map(|(head, _)| *head);
                }
            }
        }
    }

    /// The next record for this reader.
    pub(super) fn read(
        &mut self,
        reader: &mut Reader,
        wanted: impl Fn(u16) -> bool,
    ) -> Option<(Head, Payload)> {
        loop {
            // So many holes are enough: only the oldest is read until it is done with.
            if self.acked.is_ragged() && reader.next > self.acked.oldest() {
                return None;
            }
            let next = self.acked.next_pending(reader.next);
            if next < reader.end
                && let Some((head, record)) = self.hot.get(next)
            {
                reader.next = next + 1;
                if wanted(head.shard) {
                    return Some((*head, Payload::Loose(record.clone())));
                }
                continue;
            }
            let filter = Of(&self.acked, &wanted);
            match self.disk.as_mut().map(|disk| disk.step(reader, &filter, true)) {
                Some(Ok(Step::Record(head, payload))) => return Some((head, Payload::Packed(payload))),
                Some(Ok(Step::Lost(from, until, samples))) => self.lose(from, until, samples),
                Some(Err(error)) => {
                    self.told(&error);
                    return None;
                }
                Some(Ok(Step::End)) | None => break,
            }
        }
        while let Some((head, payload)) = self.memory.from(reader.next) {
            if head.seq >= reader.end {
                break;
            }
            reader.next = head.seq + 1;
            if wanted(head.shard) && !self.acked.contains(head.seq) {
                return Some((*head, payload.clone()));
            }
        }
        None
    }

    pub(super) fn ack(&mut self, seq: u64, samples: u32) {
        if self.acked.contains(seq) {
            return;
        }
        self.acked.insert(seq, seq + 1);
        self.pending_samples = self.pending_samples.saturating_sub(samples.into());
        self.forget_acked();
        self.hot.forget(self.acked.oldest());
        self.keep();
    }

    /// Frees what is done with.
    fn forget_acked(&mut self) {
        while self.memory.front().is_some_and(|(head, _)| self.acked.contains(head.seq)) {
            self.memory.pop();
        }
        if self.acked.pending(self.next) == 0 {
            self.pending_samples = 0;
        }
    }

    /// Writes down what is done with, then deletes its segments.
    pub(super) fn keep(&mut self) {
        let Some(disk) = &mut self.disk else { return };
        let aside = disk.aside.len();
        // In this order: a segment that is gone is known to be done with.
        let kept = disk.keep(&self.acked);
        self.unkept = kept.is_err();
        let cleaned = disk.clean(&self.acked);
        self.stats.broken_segments += disk.aside.len().saturating_sub(aside) as u64;
        for error in [kept, cleaned].into_iter().filter_map(Result::err) {
            self.told(&error);
        }
    }

    /// The file to be forced onto the disk now, if it is time.
    pub(super) fn due(&mut self, now_ms: i64, at_once: bool) -> Option<std::sync::Arc<std::fs::File>> {
        let due = match self.settings.sync {
            SyncPolicy::Always => true,
            SyncPolicy::Interval(every) => {
                let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
                // A clock that was set back is no reason to wait.
                at_once || now_ms.saturating_sub(self.synced_ms) >= every || now_ms < self.synced_ms
            }
            SyncPolicy::Never => at_once,
        };
        if !self.unsynced || !due {
            return None;
        }
        self.unsynced = false;
        self.synced_ms = now_ms;
        self.disk.as_mut()?.segments.back_mut()?.file().ok()
    }

    pub(super) fn stats(&mut self) -> SpoolStats {
        let oldest_ms = self.oldest_head().map(|head| head.time_ms);
        let in_memory = Amount { records: self.memory.len() as u64, samples: self.memory.samples() };
        SpoolStats {
            disk_bytes: self.disk.as_ref().map_or(0, Disk::used),
            memory_bytes: self.memory.bytes(),
            pending: Amount { records: self.acked.pending(self.next), samples: self.pending_samples },
            in_memory,
            oldest_ms,
            ..self.stats.clone()
        }
    }

    /// How many samples wait, by the heads of all records: once, when a spool is opened.
    pub(super) fn count_pending(&mut self) -> u64 {
        let (mut reader, mut samples) = (Reader::new(0, u64::MAX), 0);
        while let Some(disk) = &mut self.disk {
            match disk.step(&mut reader, &All(&self.acked), false) {
                Ok(Step::Record(head, _)) => {
                    samples += u64::from(head.samples);
                    reader.next = head.seq + 1;
                }
                Ok(Step::Lost(from, until, samples)) => self.lose(from, until, samples),
                Ok(Step::End) | Err(_) => break,
            }
        }
        samples
    }
}
