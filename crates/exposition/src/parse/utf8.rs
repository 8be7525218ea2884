//! Pages that are not valid UTF-8: Prometheus minds that in its data, and not in free comments.

use bytes::Bytes;
use bytestring::ByteString;

use super::{Fault, Parser, Step};
use crate::error::Reason;

/// The page as text, with the place and first byte of each part that had to be replaced.
pub(super) fn repaired(bytes: &Bytes) -> (ByteString, Vec<(usize, u8)>) {
    let mut text = String::with_capacity(bytes.len());
    let mut broken = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if let Some(byte) = chunk.invalid().first() {
            broken.push((text.len(), *byte));
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    (text.into(), broken)
}

impl Parser<'_> {
    /// Only the walk over the page tells a free comment from a label value that spans lines.
    pub(super) fn allow_broken(&mut self, start: usize, end: usize) {
        if !self.broken.is_empty() {
            self.broken.retain(|(at, _)| !(start..end).contains(at));
        }
    }

    /// A broken byte that no free comment excuses is the fault, unless there was one before it.
    pub(super) fn no_broken_data(&self, fault: Option<&Fault>) -> Step<()> {
        match self.broken.first() {
            Some((at, byte)) if fault.is_none_or(|fault| *at <= fault.0.0) => {
                Err(Fault::new(*at, Reason::Utf8(*byte)))
            }
            _ => Ok(()),
        }
    }
}
