//! Records in memory: all of them without a directory, the newest while a disk cannot be written to.

use std::collections::VecDeque;

use bytes::Bytes;
use exposition::remote_write::Record;

use super::frame::Head;

/// What a record costs beside its bytes.
const EACH: u64 = 96;

/// What a record is read as.
#[derive(Debug, Clone)]
pub enum Payload {
    /// The bytes that were appended.
    Packed(Bytes),
    /// The record itself: it was among the newest ones of a spool without a directory.
    Loose(Record),
}

impl Payload {
    /// Bytes of memory that it takes.
    fn len(&self) -> usize {
        match self {
            Self::Packed(bytes) => bytes.len(),
            Self::Loose(record) => record.memory(),
        }
    }

    /// As bytes.
    pub(super) fn packed(&self) -> Bytes {
        match self {
            Self::Packed(bytes) => bytes.clone(),
            Self::Loose(record) => record.pack().into(),
        }
    }
}

/// Records by sequence, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Memory {
    records: VecDeque<(Head, Payload)>,
    bytes: u64,
    /// The newest of them, which are as they came: most are delivered before they would be worth packing.
    loose: VecDeque<u64>,
    loose_bytes: u64,
}

impl Memory {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn samples(&self) -> u64 {
        self.records.iter().map(|(head, _)| u64::from(head.samples)).sum()
    }

    /// What this many bytes of a record count for.
    pub(super) fn cost(payload: usize) -> u64 {
        payload as u64 + EACH
    }

    pub(super) fn push(&mut self, head: Head, payload: Payload) {
        self.bytes += Self::cost(payload.len());
        self.records.push_back((head, payload));
    }

    /// The same as it came. Once all that are so take more than `most`, the oldest of them are packed.
    pub(super) fn push_loose(&mut self, head: Head, record: Record, most: u64) {
        self.loose.push_back(head.seq);
        self.loose_bytes += record.memory() as u64;
        self.push(head, Payload::Loose(record));
        while self.loose_bytes > most
            && let Some(seq) = self.loose.pop_front()
        {
            let at = self.records.partition_point(|(head, _)| head.seq < seq);
            let Some((head, payload)) = self.records.get_mut(at) else { continue };
            let packed = Payload::Packed(payload.packed());
            self.loose_bytes = self.loose_bytes.saturating_sub(payload.len() as u64);
            self.bytes = self.bytes + packed.len() as u64 - payload.len() as u64;
            head.len = u32::try_from(packed.len()).unwrap_or(u32::MAX);
            *payload = packed;
        }
    }

    /// Whether none of them is packed.
    pub(super) fn is_loose(&self) -> bool {
        self.loose.len() == self.records.len()
    }

    pub(super) fn front(&self) -> Option<&(Head, Payload)> {
        self.records.front()
    }

    pub(super) fn pop(&mut self) -> Option<Head> {
        let (head, payload) = self.records.pop_front()?;
        self.bytes -= Self::cost(payload.len());
        if self.loose.front() == Some(&head.seq) {
            self.loose.pop_front();
            self.loose_bytes = self.loose_bytes.saturating_sub(payload.len() as u64);
        }
        Some(head)
    }

    /// The first record of this sequence or a later one.
    pub(super) fn from(&self, seq: u64) -> Option<&(Head, Payload)> {
        self.records.get(self.records.partition_point(|(head, _)| head.seq < seq))
    }
}

#[cfg(test)]
mod tests {
    use exposition::remote_write::{Batch, Sample, SeriesLabels};

    use super::super::frame::Kind;
    use super::*;

    #[test]
    fn the_newest_stay_as_they_came_and_all_are_counted() {
        let head = |seq| Head { crc: 0, len: 100, samples: 1, seq, time_ms: 0, shard: 0, kind: Kind::Record };
        let mut batch = Batch::new(0);
        let labels = SeriesLabels::new([("__name__", "a"), ("long", &"x".repeat(300))]).unwrap();
        batch.sample(&labels, None, Sample::default()).unwrap();
        let record = batch.finish();
        let (loose, packed) = (record.memory(), record.pack().len());
        assert!(packed < loose / 2, "{packed} of {loose}");
        let mut memory = Memory::default();
        for seq in 0..6 {
            memory.push_loose(head(seq), record.clone(), loose as u64 * 5 / 2);
        }
        let lens: Vec<usize> = (0..6).map(|seq| memory.from(seq).unwrap().1.len()).collect();
        assert_eq!(lens, [packed, packed, packed, packed, loose, loose]);
        assert!((0..6).all(|seq| memory.from(seq).unwrap().1.packed() == record.pack()));
        assert!(!memory.is_loose() && Memory::default().is_loose());
        assert_eq!(memory.bytes(), 4 * Memory::cost(packed) + 2 * Memory::cost(loose));
        while memory.pop().is_some() {}
        assert_eq!((memory.bytes(), memory.loose_bytes, memory.loose.len()), (0, 0, 0));
    }
}
