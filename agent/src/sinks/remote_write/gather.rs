//! What blocks on a sender's way: reading the spool, putting records together, and encoding them.

use std::time::Instant;

use exposition::remote_write::{Body, EncodeError, Encoder, Family, Protocol, Record};

use super::Shared;
use super::tag::{Lanes, Tag};
use crate::config::Drain;
use crate::spool::{Entry, Payload, Reader, Receipt};

/// Bytes of one request before compression: receivers take 32 MiB, and memory is dear.
const MOST: usize = 8 << 20;

/// A record of the spool, or a part of one.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) record: Record,
    /// The sequence of its record in the spool.
    pub(super) seq: u64,
    /// With the last part of a record.
    pub(super) receipt: Option<Receipt>,
    /// When it was spooled, in milliseconds since 1970.
    pub(super) time_ms: i64,
}

/// Where one shard reads.
#[derive(Debug)]
pub(super) struct Place {
    lanes: Lanes,
    at: u16,
    old: Reader,
    /// What came after an outage, where it goes first.
    fresh: Option<Reader>,
    /// An outage is over since the last look.
    is_over: bool,
    encoder: Encoder,
}

impl Place {
    pub(super) fn new(shared: &Shared, lanes: Lanes, at: u16) -> Self {
        Self {
            lanes,
            at,
            old: shared.spool.reader(),
            fresh: None,
            is_over: false,
            encoder: Encoder::default(),
        }
    }

    /// An outage is over.
    pub(super) fn recovered(&mut self, drain: Drain) {
        self.is_over |= drain == Drain::NewestFirst;
    }

    /// More parts of this shard, until there are so many samples; whether they are so many.
    pub(super) fn read(&mut self, shared: &Shared, parts: &mut Vec<Part>, most: usize) -> bool {
        if std::mem::take(&mut self.is_over) {
            // What is half drained goes on as one with what waits now.
            let (old, fresh) = shared.spool.readers_apart();
            (self.old, self.fresh) = (old, Some(fresh));
        }
        let mut samples = samples(parts);
        let mut bytes: usize = parts.iter().map(|part| part.record.raw_len()).sum();
        while samples < most && bytes < MOST {
            let Some(entry) = self.next(shared) else { return false };
            let (receipt, time_ms, seq) = (entry.receipt(), entry.time_ms, entry.seq);
            // What an earlier run wrote may be another version's; how this one writes is known.
            let is_own = entry.seq >= shared.from_before;
            let unpack = if is_own { Record::unpack_own } else { Record::unpack };
            let unpacked = match entry.payload {
                Payload::Packed(bytes) => unpack(&bytes),
                Payload::Loose(record) => Ok(record),
            };
            let record = match unpacked {
                Ok(record) => record,
                Err(error) => {
                    // Its checksum was right: another version wrote it.
                    tracing::error!(about = shared.label, "a record of the spool is given up: {error}");
                    shared.stats.writes.dropped(&shared.label, "broken", entry.samples.into());
                    shared.spool.ack(receipt);
                    continue;
                }
            };
            samples += record.sample_count();
            bytes += record.raw_len();
            let mut pieces = record.split(most, MOST);
            let last = pieces.pop();
            parts.extend(pieces.into_iter().map(|record| Part { record, seq, receipt: None, time_ms }));
            parts.extend(last.map(|record| Part { record, seq, receipt: Some(receipt), time_ms }));
        }
        true
    }

    fn next(&mut self, shared: &Shared) -> Option<Entry> {
        let tag = Tag { lane: self.lanes, at: self.at }.pack();
        let fresh = self.fresh.as_mut().and_then(|fresh| shared.spool.read(fresh, |shard| shard == tag));
        if fresh.is_some() {
            return fresh;
        }
        let old = shared.spool.read(&mut self.old, |shard| shard == tag);
        // Where there are too many holes, it is only not to be read yet.
        if old.is_none()
            && !shared.spool.is_ragged()
            && let Some(fresh) = self.fresh.take()
        {
            // What had waited is gone: there is one order again.
            self.old = fresh;
        }
        old
    }

    /// The body of a request with all of these, in this protocol, and that of one with their types and help
    /// texts where it takes one of its own.
    pub(super) fn bodies(
        &mut self,
        shared: &Shared,
        records: &[Record],
        protocol: Protocol,
    ) -> Result<(Body, Option<Body>), String> {
        let failed = |error: EncodeError| error.to_string();
        let metadata = if protocol == Protocol::V2 {
            None
        } else {
            let (every, now) = (shared.settings.borrow().metadata_interval, Instant::now());
            let mut typed = shared.typed();
            let due = |family: &Family<'_>| typed.describes(family, every, now);
            self.encoder.metadata(records, protocol, due).map_err(failed)?
        };
        Ok((self.encoder.body_of(records, protocol).map_err(failed)?, metadata))
    }
}

/// Samples in all of them.
pub(super) fn samples(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.record.sample_count()).sum()
}

/// How many of these parts go into one request of so many samples: one at the least.
pub(super) fn fitting(parts: &[Part], most: usize) -> usize {
    let mut samples = 0;
    let fits = |part: &&Part| {
        samples += part.record.sample_count();
        samples <= most
    };
    parts.iter().take_while(fits).count().max(1)
}
