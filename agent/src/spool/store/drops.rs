//! What goes without having been delivered, and how it is counted: by size, by age, and because it does not read.

use std::io;

use super::super::frame::Head;
use super::super::memory::Memory;
use super::super::reader::{Reader, Step};
use super::super::stats::{Amount, DropReason};
use super::{All, Store};

impl Store {
    /// Gives up the oldest in memory for a record of this length.
    pub(super) fn make_room(&mut self, payload: usize, limit: u64) {
        let reason = if self.disk.is_some() { DropReason::Disk } else { DropReason::Bytes };
        while self.memory.bytes() + Memory::cost(payload) > limit {
            let Some(oldest) = self.memory.pop() else { break };
            self.give_up(&oldest, reason);
        }
    }

    /// Drops the oldest segment, and counts what in it was not delivered.
    pub(super) fn drop_front(&mut self, reason: DropReason) -> io::Result<()> {
        let Some(disk) = &mut self.disk else { return Ok(()) };
        let Some(front) = disk.segments.front() else { return Ok(()) };
        let (first, next) = (front.first, front.next);
        let mut reader = Reader::new(first, next);
        let (mut lost, mut broken) = (Amount::default(), Amount::default());
        loop {
            match disk.step(&mut reader, &All(&self.acked), false) {
                Ok(Step::Record(head, _)) => {
                    lost.records += 1;
                    lost.samples += u64::from(head.samples);
                    reader.next = head.seq + 1;
                }
                Ok(Step::Lost(from, until, samples)) => {
                    broken.add(self.acked.pending_in(from, until), samples);
                }
                // What cannot be read is counted as records at least.
                Err(_) => {
                    lost.add(self.acked.pending_in(reader.next, next), 0);
                    break;
                }
                Ok(Step::End) => break,
            }
        }
        disk.remove_front(false)?;
        self.acked.insert(first, next);
        self.count(reason, lost);
        self.broke(broken);
        self.keep();
        Ok(())
    }

    fn give_up(&mut self, head: &Head, reason: DropReason) {
        if !self.acked.contains(head.seq) {
            self.acked.insert(head.seq, head.seq + 1);
            self.count(reason, Amount { records: 1, samples: head.samples.into() });
        }
    }

    /// Counts what does not read any more, and tells it when that begins.
    pub(in crate::spool) fn broke(&mut self, lost: Amount) {
        if lost.records > 0
            && self.stats.dropped(DropReason::Broken).records == 0
            && let Some(disk) = &self.disk
        {
            let (dir, records, samples) = (disk.dir.display(), lost.records, lost.samples);
            tracing::error!(
                %dir, records, samples,
                "records in the spool are broken or gone: what could not be read is counted, and all else is sent"
            );
        }
        self.count(DropReason::Broken, lost);
    }

    fn count(&mut self, reason: DropReason, amount: Amount) {
        let sum = &mut self.stats.dropped[reason as usize];
        sum.records = sum.records.saturating_add(amount.records);
        sum.samples = sum.samples.saturating_add(amount.samples);
        self.pending_samples = self.pending_samples.saturating_sub(amount.samples);
    }

    /// Drops what is too old.
    pub(in crate::spool) fn expire(&mut self, now_ms: i64) {
        let age = i64::try_from(self.settings.max_age.as_millis()).unwrap_or(i64::MAX);
        let limit = now_ms.saturating_sub(age);
        while let Some(disk) = &self.disk
            && disk.segments.front().is_some_and(|front| front.next > front.first && front.newest_ms < limit)
        {
            if self.drop_front(DropReason::Age).is_err() {
                break;
            }
        }
        let mut expired = false;
        while let Some(head) = self.oldest_head().filter(|head| head.time_ms < limit) {
            self.give_up(&head, DropReason::Age);
            expired = true;
        }
        if expired {
            self.forget_acked();
            self.keep();
        }
    }

    pub(super) fn lose(&mut self, from: u64, until: u64, samples: u32) {
        let mut broken = Amount::default();
        broken.add(self.acked.pending_in(from, until), samples);
        self.acked.insert(from, until);
        self.broke(broken);
    }
}
