//! The numbers of a series in a record.

use super::series::{Sample, flag};
use super::wire::zigzag;

/// A few bytes, put together before they are appended: a vector asks for its room at each of them.
pub(super) struct Few {
    /// Three numbers of ten bytes at the most, a value, and flags.
    bytes: [u8; 48],
    len: usize,
}

impl Few {
    pub(super) fn new() -> Self {
        Self { bytes: [0; 48], len: 0 }
    }

    pub(super) fn of(sample: &Sample, base: i64) -> Self {
        let mut few = Self::new();
        few.sample(sample, base);
        few
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    #[inline]
    pub(super) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.byte(value.to_le_bytes()[0]);
    }

    /// Flags, value, timestamp, and the start where there is one.
    #[inline]
    pub(super) fn sample(&mut self, sample: &Sample, base: i64) {
        let mut flags = if sample.origin { flag::ORIGIN } else { 0 };
        flags |= if sample.start_ms == 0 { 0 } else { flag::START };
        self.byte(flags);
        self.bytes[self.len..self.len + 8].copy_from_slice(&sample.bits.to_le_bytes());
        self.len += 8;
        self.varint(zigzag(sample.timestamp_ms.wrapping_sub(base)));
        if sample.start_ms != 0 {
            self.varint(zigzag(sample.start_ms.wrapping_sub(base)));
        }
    }
}
