//! The newest records of a disk, as they were before they were packed for it: most are read once, a moment later.

use std::collections::VecDeque;

use exposition::remote_write::Record;

use super::frame::Head;

/// Bytes of records that are kept, so many samples as a few requests have.
const MOST: usize = 512 << 10;

/// Records by sequence, the oldest first. Each of them is on the disk, too.
#[derive(Debug, Default)]
pub(super) struct Hot {
    records: VecDeque<(Head, Record)>,
    bytes: usize,
}

impl Hot {
    /// Takes the newest record; older ones go for it.
    pub(super) fn push(&mut self, head: Head, record: Record) {
        self.bytes += record.memory();
        self.records.push_back((head, record));
        while self.bytes > MOST {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some((_, record)) = self.records.pop_front() {
            self.bytes -= record.memory();
        }
    }

    /// Forgets those before this one.
    pub(super) fn forget(&mut self, before: u64) {
        while self.records.front().is_some_and(|(head, _)| head.seq < before) {
            self.pop();
        }
    }

    /// The record of this sequence.
    pub(super) fn get(&self, seq: u64) -> Option<&(Head, Record)> {
        let at = self.records.binary_search_by_key(&seq, |(head, _)| head.seq).ok()?;
        self.records.get(at)
    }
}

#[cfg(test)]
mod tests {
    use exposition::remote_write::{Batch, Sample, SeriesLabels};

    use super::super::frame::Kind;
    use super::*;

    #[test]
    fn the_newest_are_there_within_bounds() {
        let mut batch = Batch::new(0);
        let labels = SeriesLabels::new([("__name__", "a"), ("long", &"x".repeat(100 << 10))]).unwrap();
        batch.sample(&labels, None, Sample::default()).unwrap();
        let (record, mut hot) = (batch.finish(), Hot::default());
        let head = |seq| Head { crc: 0, len: 1, samples: 1, seq, time_ms: 0, shard: 3, kind: Kind::Record };
        for seq in [1, 2, 3, 5, 6, 7, 8] {
            hot.push(head(seq), record.clone());
            assert!(hot.bytes <= MOST);
        }
        let there = |hot: &Hot| (0..10).filter(|seq| hot.get(*seq).is_some()).collect::<Vec<_>>();
        assert_eq!(there(&hot), [3, 5, 6, 7, 8]);
        assert_eq!(hot.get(5).unwrap().0.shard, 3);
        hot.forget(6);
        assert_eq!(there(&hot), [6, 7, 8]);
        hot.forget(99);
        assert_eq!((hot.bytes, there(&hot).len()), (0, 0));
    }
}
