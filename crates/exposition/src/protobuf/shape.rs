//! How much memory a message would take, found on the wire before anything is decoded.
//!
//! An empty label is two bytes in a message and fifty in memory, so the length of a body bounds nothing.

use prost::DecodeError;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::read::ProtobufError;
use crate::limits::Limits;

/// What a message is, as far as its parts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    Family,
    Metric,
    Label,
    Counter,
    Summary,
    Histogram,
    Bucket,
    Exemplar,
    /// Nothing in it is repeated.
    Leaf,
}

impl Message {
    /// The message in a field of this number.
    fn field(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::Family, 4) => Self::Metric,
            (Self::Metric | Self::Exemplar, 1) => Self::Label,
            (Self::Metric, 3) => Self::Counter,
            (Self::Metric, 4) => Self::Summary,
            (Self::Metric, 7) => Self::Histogram,
            (Self::Counter, 2) | (Self::Bucket, 3) | (Self::Histogram, 16) => Self::Exemplar,
            (Self::Summary, 3) | (Self::Histogram, 9 | 12) => Self::Leaf,
            (Self::Histogram, 3) => Self::Bucket,
            _ => return None,
        })
    }

    /// The numbers of a native histogram.
    fn is_number(self, field: u32) -> bool {
        self == Self::Histogram && matches!(field, 10 | 11 | 13 | 14)
    }
}

/// What was counted in the messages so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    parts: usize,
}

impl Tally {
    /// Counts the parts of a family. A part is what text would give a line, and each number of a native
    /// histogram.
    pub(super) fn add(&mut self, family: &[u8], limits: &Limits) -> Result<(), ProtobufError> {
        self.walk(Message::Family, family, limits)
    }

    fn walk(&mut self, message: Message, mut rest: &[u8], limits: &Limits) -> Result<(), ProtobufError> {
        let mut labels = 0;
        while rest.has_remaining() {
            let (field, wire) = decode_key(&mut rest)?;
            if message.is_number(field) {
                // Packed ones are at least a byte each, and all but the float ones no more than that.
                let numbers = if wire == WireType::LengthDelimited {
                    let inner = delimited(&mut rest)?;
                    let floats = matches!(field, 11 | 14);
                    if floats { inner.len() / 8 } else { inner.iter().filter(|byte| **byte < 0x80).count() }
                } else {
                    skip_field(wire, field, &mut rest, DecodeContext::default())?;
                    1
                };
                self.parts(numbers, limits)?;
                continue;
            }
            let (WireType::LengthDelimited, Some(inner)) = (wire, message.field(field)) else {
                skip_field(wire, field, &mut rest, DecodeContext::default())?;
                continue;
            };
            let text = delimited(&mut rest)?;
            if inner == Message::Label {
                labels += 1;
                over("labels in one series", labels, limits.series_labels)?;
            } else if inner != Message::Counter {
                self.parts(1, limits)?;
            }
            if !matches!(inner, Message::Label | Message::Leaf) {
                self.walk(inner, text, limits)?;
            }
        }
        Ok(())
    }

    fn parts(&mut self, more: usize, limits: &Limits) -> Result<(), ProtobufError> {
        self.parts = self.parts.saturating_add(more);
        over("samples", self.parts, limits.samples)
    }
}

pub(super) fn over(what: &'static str, found: usize, limit: usize) -> Result<(), ProtobufError> {
    if found > limit { Err(ProtobufError::Limit { what, found, limit }) } else { Ok(()) }
}

fn delimited<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], ProtobufError> {
    let length = usize::try_from(decode_varint(rest)?).unwrap_or(usize::MAX);
    let Some((inner, after)) = rest.split_at_checked(length) else {
        return Err(ProtobufError::Cut { wanted: length, left: rest.len() });
    };
    *rest = after;
    Ok(inner)
}

impl From<DecodeError> for ProtobufError {
    fn from(error: DecodeError) -> Self {
        Self::Wire(error.to_string())
    }
}
