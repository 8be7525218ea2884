//! A field: `tag: u8, length: u32, bytes`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

pub(super) fn field(tag: u8, value: &[u8], out: &mut Vec<u8>) {
    nested(tag, out, |out| out.extend_from_slice(value));
}

pub(super) fn nested(tag: u8, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    fill(out);
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Reads fields from a place on.
pub(super) struct Fields<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a Bytes, at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()) }
    }
}

impl Iterator for Fields<'_> {
    type Item = Result<(u8, Bytes), String>;

    fn next(&mut self) -> Option<Self::Item> {
        let tag = *self.bytes.get(self.at)?;
        let length = self.bytes.get(self.at + 1..self.at + 5).and_then(|bytes| bytes.try_into().ok());
        let start = self.at + 5;
        let length = length.map(u32::from_le_bytes).and_then(|length| usize::try_from(length).ok());
        let end = length.and_then(|length| start.checked_add(length)).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            self.at = self.bytes.len();
            return Some(Err(format!("a field {tag} that is longer than its record")));
        };
        self.at = end;
        Some(Ok((tag, self.bytes.slice(start..end))))
    }
}

pub(super) fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "a text that is not valid UTF-8".to_owned())
}

pub(super) fn number(bytes: &[u8]) -> Result<u64, String> {
    bytes.try_into().map(u64::from_le_bytes).map_err(|_| "a number that has not eight bytes".to_owned())
}

pub(super) fn time(bytes: &[u8]) -> Result<SystemTime, String> {
    UNIX_EPOCH
        .checked_add(Duration::from_nanos(number(bytes)?))
        .ok_or_else(|| "a time that no clock can show".to_owned())
}

pub(super) fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
