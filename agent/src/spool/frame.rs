//! One record as it lies in a segment: what is needed to find, order and check it, then its bytes.
//!
//! ```text
//! marker 4 | crc32 of the rest of the head 4 | crc32 of the payload 4 | length 4 | samples 4
//! | sequence 8 | time 8 (ms since 1970) | shard 2 | kind 2 | payload
//! ```
//! Numbers are little-endian. The head has a checksum of its own, since most records are passed over by it.

/// Bytes before the payload.
pub(super) const HEAD: usize = 40;

/// No text and no compressed block begins like this by habit; a true frame also has its checksums.
const MARKER: u32 = 0xf1a5_e0d5;

/// No sequence is larger: at a million records a second a spool comes there after 146,000 years, and what says
/// otherwise is broken. So one more than a sequence is always a number.
pub(super) const LAST_SEQ: u64 = 1 << 62;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Record,
    /// The end of a finished segment, with its number of samples and the time of its newest record; the
    /// sequence is that of the record after it.
    End,
}

/// What stands before the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) crc: u32,
    pub(super) len: u32,
    pub(super) samples: u32,
    pub(super) seq: u64,
    pub(super) time_ms: i64,
    pub(super) shard: u16,
    pub(super) kind: Kind,
}

impl Head {
    /// Bytes of the whole frame.
    pub(super) fn frame_len(&self) -> u64 {
        HEAD as u64 + u64::from(self.len)
    }

    /// Writes a frame; the checksums are made here.
    pub(super) fn put(&self, payload: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&MARKER.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
        out.extend_from_slice(&self.len.to_le_bytes());
        out.extend_from_slice(&self.samples.to_le_bytes());
        out.extend_from_slice(&self.seq.to_le_bytes());
        out.extend_from_slice(&self.time_ms.to_le_bytes());
        out.extend_from_slice(&self.shard.to_le_bytes());
        out.extend_from_slice(&match self.kind {
            Kind::Record => [0, 0],
            Kind::End => [1, 0],
        });
        let crc = crc32fast::hash(&out[start + 8..]).to_le_bytes();
        out[start + 4..start + 8].copy_from_slice(&crc);
        out.extend_from_slice(payload);
    }

    /// Reads a head that holds.
    pub(super) fn read(bytes: &[u8; HEAD]) -> Option<Self> {
        let (mut rest, mut numbers) = (bytes.as_slice(), [0_u64; 9]);
        for (number, len) in numbers.iter_mut().zip([4, 4, 4, 4, 4, 8, 8, 2, 2]) {
            let (bytes, after) = rest.split_at(len);
            *number = bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
            rest = after;
        }
        let [marker, own, crc, len, samples, seq, time_ms, shard, kind] = numbers;
        let holds =
            marker == u64::from(MARKER) && seq <= LAST_SEQ && own == u64::from(crc32fast::hash(&bytes[8..]));
        let kind = match kind {
            0 if holds => Kind::Record,
            1 if holds => Kind::End,
            _ => return None,
        };
        let narrow = |number: u64| u32::try_from(number).ok();
        Some(Self {
            crc: narrow(crc)?,
            len: narrow(len)?,
            samples: narrow(samples)?,
            seq,
            time_ms: time_ms.cast_signed(),
            shard: u16::try_from(shard).ok()?,
            kind,
        })
    }

    /// Whether this is the payload.
    pub(super) fn holds(&self, payload: &[u8]) -> bool {
        crc32fast::hash(payload) == self.crc
    }
}

/// Where the next marker stands in these bytes.
pub(super) fn find_marker(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, &MARKER.to_le_bytes())
}
