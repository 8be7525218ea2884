//! Records in memory: all of them without a directory, the newest while a disk cannot be written to.

use std::collections::VecDeque;

use bytes::Bytes;

use super::frame::Head;

/// What a record costs beside its bytes.
const EACH: u64 = 96;

/// Records by sequence, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Memory {
    records: VecDeque<(Head, Bytes)>,
    bytes: u64,
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

    pub(super) fn push(&mut self, head: Head, payload: Bytes) {
        self.bytes += Self::cost(payload.len());
        self.records.push_back((head, payload));
    }

    pub(super) fn front(&self) -> Option<&(Head, Bytes)> {
        self.records.front()
    }

    pub(super) fn pop(&mut self) -> Option<Head> {
        let (head, payload) = self.records.pop_front()?;
        self.bytes -= Self::cost(payload.len());
        Some(head)
    }

    /// The first record of this sequence or a later one.
    pub(super) fn from(&self, seq: u64) -> Option<&(Head, Bytes)> {
        self.records.get(self.records.partition_point(|(head, _)| head.seq < seq))
    }
}
