//! How files are built: a head that says what they are, and records in frames with checksums.
//!
//! A frame is `length: u32, checksum of the payload: u32, checksum of those eight bytes: u32, payload`,
//! all little-endian. Checksums are CRC-32 that begin with a random number of the file, so that no
//! pushed text can look like a frame where one is searched for behind damage.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use crc32fast::Hasher;

/// Bytes of a frame before its payload.
const FRAME: usize = 12;
/// No record is longer: what is asked of memory is bounded, however a file is damaged.
const LONGEST: usize = 1 << 30;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// All groups at a time.
    Snapshot,
    /// What changed since.
    Log,
}

/// The first bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// A snapshot is followed by the logs of its number and above.
    pub(super) number: u64,
    /// The number of the snapshot that was there when a log was begun; 0 if none.
    pub(super) base: u64,
    salt: u32,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stranger {
    /// Written by something else.
    Foreign,
    /// Written by a later version.
    Newer(String),
    /// Its first bytes are damaged.
    Damaged,
}

impl Nature {
    const fn magic(self) -> &'static [u8] {
        match self {
            Self::Snapshot => b"pushpull-gateway snapshot 1\n",
            Self::Log => b"pushpull-gateway log 1\n",
        }
    }

    /// Bytes of a file of this nature before its first frame.
    pub(super) const fn head_length(self) -> usize {
        self.magic().len() + 24
    }
}

impl Head {
    /// A head with a random number of its own.
    pub(super) fn new(number: u64, base: u64) -> Self {
        let [a, b, c, d, ..] = RandomState::new().hash_one((number, base)).to_le_bytes();
        Self { number, base, salt: u32::from_le_bytes([a, b, c, d]) }
    }

    /// The head as it is written.
    pub(super) fn bytes(&self, nature: Nature) -> Vec<u8> {
        let mut bytes = nature.magic().to_vec();
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.base.to_le_bytes());
        bytes.extend_from_slice(&self.salt.to_le_bytes());
        bytes.extend_from_slice(&checksum(0, &bytes).to_le_bytes());
        bytes
    }

    /// Reads the head of a file; none where writing it was not finished.
    pub(super) fn read(nature: Nature, bytes: &[u8]) -> Result<Option<Self>, Stranger> {
        let magic = nature.magic();
        if !bytes.starts_with(magic) {
            let torn = bytes.len() < nature.head_length() && magic.starts_with(bytes);
            if torn {
                return Ok(None);
            }
            let name = &magic[..magic.len() - 2];
            return Err(
                match bytes.strip_prefix(name).and_then(|rest| rest.split(|byte| *byte == b'\n').next()) {
                    Some(version) if version.len() < 8 && !version.is_empty() => {
                        Stranger::Newer(String::from_utf8_lossy(version).into_owned())
                    }
                    Some(_) => Stranger::Damaged,
                    None if bytes.starts_with(b"pushpull-gateway ") => Stranger::Damaged,
                    None => Stranger::Foreign,
                },
            );
        }
        let Some(head) = bytes.get(..nature.head_length()) else { return Ok(None) };
        let (body, sum) = head.split_at(head.len() - 4);
        if u32_at(sum, 0) != Some(checksum(0, body)) {
            return Err(Stranger::Damaged);
        }
        let at = magic.len();
        let fields = (u64_at(body, at), u64_at(body, at + 8), u32_at(body, at + 16));
        let (Some(number), Some(base), Some(salt)) = fields else { return Err(Stranger::Damaged) };
        Ok(Some(Self { number, base, salt }))
    }

    /// Appends a frame whose payload is what `fill` appends.
    pub(super) fn frame(&self, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
        let start = out.len();
        out.extend_from_slice(&[0; FRAME]);
        fill(out);
        let length = u32::try_from(out.len() - start - FRAME).unwrap_or(u32::MAX);
        let sum = checksum(self.salt, &out[start + FRAME..]);
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        out[start + 4..start + 8].copy_from_slice(&sum.to_le_bytes());
        let own = checksum(self.salt, &out[start..start + 8]);
        out[start + 8..start + FRAME].copy_from_slice(&own.to_le_bytes());
    }

    /// Finds all frames that are whole, and all places that are not.
    pub(super) fn scan(&self, bytes: &[u8], from: usize) -> Scan {
        let mut scan = Scan::default();
        let mut at = from;
        let mut bad: Option<usize> = None;
        while at < bytes.len() {
            match self.look(bytes, at) {
                Look::Whole(payload) => {
                    scan.damaged.extend(bad.take().map(|start| start..at));
                    at = payload.end;
                    scan.records.push(payload);
                }
                // The length can be trusted, so the next frame is known.
                Look::Payload(end) => {
                    bad.get_or_insert(at);
                    at = end;
                }
                Look::Nothing => {
                    bad.get_or_insert(at);
                    at += 1;
                }
            }
        }
        scan.torn = bad.map(|start| start..bytes.len());
        scan
    }

    fn look(&self, bytes: &[u8], at: usize) -> Look {
        let Some(head) = bytes.get(at..at + FRAME) else { return Look::Nothing };
        let fields = (u32_at(head, 0), u32_at(head, 4), u32_at(head, 8));
        let (Some(length), Some(sum), Some(own)) = fields else { return Look::Nothing };
        if own != checksum(self.salt, &head[..8]) {
            return Look::Nothing;
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let start = at + FRAME;
        if length > LONGEST {
            return Look::Nothing;
        }
        match bytes.get(start..start + length) {
            Some(payload) if checksum(self.salt, payload) == sum => Look::Whole(start..start + length),
            Some(_) => Look::Payload(start + length),
            None => Look::Nothing,
        }
    }
}

enum Look {
    Whole(Range<usize>),
    Payload(usize),
    Nothing,
}

/// What is in a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// The payloads that are whole.
    pub(super) records: Vec<Range<usize>>,
    /// What cannot be read between others that can.
    pub(super) damaged: Vec<Range<usize>>,
    /// What cannot be read at the end: a log's last writes that a crash cut off look so.
    pub(super) torn: Option<Range<usize>>,
}

fn checksum(salt: u32, bytes: &[u8]) -> u32 {
    let mut hasher = Hasher::new_with_initial(salt);
    hasher.update(bytes);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(records: &[&[u8]]) -> (Head, Vec<u8>) {
        let head = Head::new(7, 3);
        let mut bytes = head.bytes(Nature::Log);
        for record in records {
            head.frame(&mut bytes, |out| out.extend_from_slice(record));
        }
        (head, bytes)
    }

    #[test]
    fn every_flipped_bit_is_found_and_costs_one_record() {
        let (head, bytes) = file(&[b"first", b"second", b"third"]);
        let from = Nature::Log.head_length();
        for bit in from * 8..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let scan = head.scan(&flipped, from);
            assert_eq!(scan.records.len(), 2, "bit {bit}");
            assert_eq!(scan.damaged.len() + usize::from(scan.torn.is_some()), 1, "bit {bit}");
        }
        for bit in 0..from * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Head::read(Nature::Log, &flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_keeps_what_is_whole() {
        let (head, bytes) = file(&[b"first", b"", b"third"]);
        let from = Nature::Log.head_length();
        let ends = [from + 17, from + 29, from + 46];
        for cut in 0..=bytes.len() {
            let read = Head::read(Nature::Log, &bytes[..cut]);
            assert_eq!(read, Ok((cut >= from).then_some(head)), "{cut}");
            let scan = head.scan(&bytes[..cut], from.min(cut));
            assert_eq!(scan.records.len(), ends.iter().filter(|end| **end <= cut).count(), "{cut}");
            assert!(scan.damaged.is_empty(), "{cut}");
            assert_eq!(scan.torn.is_some(), cut > from && !ends.contains(&cut), "{cut}");
        }
    }

    #[test]
    fn what_others_wrote_is_told_from_what_is_damaged() {
        for (bytes, want) in [
            (&b"pushpull-gateway log 2\nmore and more"[..], Stranger::Newer("2".to_owned())),
            (b"\x16\x7f\x04\x01\x02\xff", Stranger::Foreign),
            (b"pushpull-gateway snapshot 1\n", Stranger::Damaged),
        ] {
            assert_eq!(Head::read(Nature::Log, bytes), Err(want));
        }
    }
}
