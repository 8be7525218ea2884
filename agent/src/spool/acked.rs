//! Which records are done with, when requests of several shards end out of order.

use std::collections::BTreeMap;

/// So many holes may there be: with more, readers wait for the oldest record (see [`Acked::is_ragged`]).
const MAX_RANGES: usize = 4096;

/// Sequences that are done with: all below one, and some stretches above it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Acked {
    below: u64,
    /// First to one past the last; they neither touch nor overlap, and begin above `below`.
    above: BTreeMap<u64, u64>,
    count_above: u64,
}

impl Acked {
    pub(super) fn starting_at(seq: u64) -> Self {
        Self { below: seq, ..Self::default() }
    }

    /// The oldest sequence that is not done with.
    pub(super) fn oldest(&self) -> u64 {
        self.below
    }

    /// How many of the sequences below this one are not done with.
    pub(super) fn pending(&self, next: u64) -> u64 {
        next.saturating_sub(self.below).saturating_sub(self.count_above)
    }

    /// How many of these sequences, from the first to before the last, are not done with.
    pub(super) fn pending_in(&self, first: u64, end: u64) -> u64 {
        let (mut at, mut pending) = (self.next_pending(first), 0);
        while at < end {
            let until = self.above.range(at..).next().map_or(end, |(start, _)| (*start).min(end));
            pending += until - at;
            at = self.next_pending(until.max(at + 1));
        }
        pending
    }

    /// One past the last sequence that is done with.
    pub(super) fn top(&self) -> u64 {
        self.above.last_key_value().map_or(self.below, |(_, end)| *end)
    }

    pub(super) fn contains(&self, seq: u64) -> bool {
        seq < self.below || self.above.range(..=seq).next_back().is_some_and(|(_, end)| seq < *end)
    }

    /// The first sequence from this one on that is not done with.
    pub(super) fn next_pending(&self, seq: u64) -> u64 {
        let seq = seq.max(self.below);
        self.above.range(..=seq).next_back().map_or(seq, |(_, end)| seq.max(*end))
    }

    /// Adds the sequences from `first` to before `end`.
    pub(super) fn insert(&mut self, first: u64, end: u64) {
        let (mut first, mut end) = (first.max(self.below), end);
        if first >= end {
            return;
        }
        // What it touches or overlaps becomes one with it.
        while let Some((&start, &stop)) = self.above.range(..=end).next_back() {
            if stop < first {
                break;
            }
            self.above.remove(&start);
            self.count_above -= stop - start;
            (first, end) = (first.min(start), end.max(stop));
        }
        if first == self.below {
            self.below = end;
        } else {
            self.above.insert(first, end);
            self.count_above += end - first;
        }
    }

    /// Whether there are as many holes as may be.
    pub(super) fn is_ragged(&self) -> bool {
        self.above.len() >= MAX_RANGES
    }

    /// As bytes, the stretches as differences in varints; as many of the lowest as have room.
    pub(super) fn encode(&self, room: usize) -> Vec<u8> {
        let (mut out, mut before) = (self.below.to_le_bytes().to_vec(), self.below);
        for (&first, &end) in &self.above {
            let len = out.len();
            for number in [first - before, end - first] {
                put_varint(&mut out, number);
            }
            if out.len() > room {
                out.truncate(len);
                break;
            }
            before = end;
        }
        out
    }

    /// The inverse of [`Acked::encode`]; `None` for anything else.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (below, mut rest) = bytes.split_first_chunk::<8>()?;
        let mut acked = Self::starting_at(u64::from_le_bytes(*below));
        let mut before = acked.below;
        while !rest.is_empty() {
            let first = before.checked_add(varint(&mut rest)?)?;
            before = first.checked_add(varint(&mut rest)?)?;
            acked.insert(first, before);
        }
        Some(acked)
    }
}

/// Bytes of a slot that are enough for [`MAX_RANGES`] stretches of ordinary lengths.
pub(super) const SLOT: usize = 4 * 4096 - 16;

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::{Rng, SeedableRng, rngs::SmallRng};

    use super::*;

    #[test]
    fn it_is_a_set() {
        for seed in 0..200 {
            let mut random = SmallRng::seed_from_u64(seed);
            let (mut acked, mut truth) = (Acked::starting_at(5), (0..5_u64).collect::<BTreeSet<_>>());
            for _ in 0..random.random_range(1..60) {
                let first = random.random_range(0..80);
                let end = first + random.random_range(0..6);
                acked.insert(first, end);
                truth.extend(first..end);
                for seq in 0..90 {
                    assert_eq!(acked.contains(seq), truth.contains(&seq), "seed {seed}, {seq} in {acked:?}");
                    let next = (seq..200).find(|seq| !truth.contains(seq)).unwrap();
                    assert_eq!(acked.next_pending(seq), next, "seed {seed}, {seq} in {acked:?}");
                }
                for (from, until) in [(0, 90), (3, 40), (17, 60), (44, 45), (9, 9)] {
                    let pending = (from..until).filter(|seq| !truth.contains(seq)).count() as u64;
                    assert_eq!(acked.pending_in(from, until), pending, "seed {seed}: {acked:?}");
                }
                let pending = (0..90).filter(|seq| !truth.contains(seq)).count() as u64;
                assert_eq!(acked.pending(90), pending, "seed {seed}: {acked:?}");
                assert_eq!(Acked::decode(&acked.encode(SLOT)), Some(acked.clone()), "seed {seed}");
            }
        }
    }

    #[test]
    fn what_has_no_room_is_what_is_newest() {
        let mut acked = Acked::starting_at(1);
        (1..2000).for_each(|n| acked.insert(n * 1000, n * 1000 + 1));
        let short = Acked::decode(&acked.encode(100)).unwrap();
        assert!(short.contains(1000) && !short.contains(1999 * 1000) && short.oldest() == 1);
        assert_eq!(Acked::decode(&[0; 7]), None);
        assert_eq!(Acked::decode(&[0, 0, 0, 0, 0, 0, 0, 0, 0xff]), None);
    }
}
