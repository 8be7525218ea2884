//! One family of a group.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use exposition::Kind;

use super::fields::{Fields, field, nanoseconds, nested, text, time};
use crate::groups::{KeptFamily, Stamps};

/// Fields of a family.
mod tag {
    pub(super) const NAME: u8 = 1;
    pub(super) const HELP: u8 = 2;
    pub(super) const KIND: u8 = 3;
    pub(super) const LINES: u8 = 4;
    pub(super) const FIRST: u8 = 5;
    pub(super) const LAST: u8 = 6;
    pub(super) const METRICS: u8 = 7;
    /// Who does not know these shows the values at once.
    pub(super) const ZEROS: u8 = 128;
}

/// Bytes of one zero: the place of its series, and until when.
const ZERO: usize = 12;

pub(super) const KINDS: [Kind; 8] = [
    Kind::Untyped,
    Kind::Counter,
    Kind::Gauge,
    Kind::Histogram,
    Kind::Summary,
    Kind::GaugeHistogram,
    Kind::Info,
    Kind::StateSet,
];

/// About how many bytes it takes.
pub(super) fn weight(kept: &KeptFamily) -> usize {
    64 + kept.help.len() + kept.lines.len() + kept.metrics.len() + kept.zeros.len() * ZERO
}

/// Appends it.
pub(super) fn write(kept: &KeptFamily, out: &mut Vec<u8>) {
    let kind = KINDS.iter().position(|kind| *kind == kept.kind).unwrap_or_default();
    field(tag::NAME, kept.name.as_bytes(), out);
    field(tag::HELP, kept.help.as_bytes(), out);
    field(tag::KIND, &[u8::try_from(kind).unwrap_or_default()], out);
    field(tag::LINES, &kept.lines, out);
    for (tag, at) in [(tag::FIRST, kept.stamps.first()), (tag::LAST, kept.stamps.last())] {
        if let Some(at) = at {
            field(tag, &nanoseconds(at).to_le_bytes(), out);
        }
    }
    if !kept.metrics.is_empty() {
        field(tag::METRICS, &kept.metrics, out);
    }
    if !kept.zeros.is_empty() {
        nested(tag::ZEROS, out, |out| {
            for (place, until) in &kept.zeros {
                out.extend_from_slice(&place.to_le_bytes());
                out.extend_from_slice(&nanoseconds(*until).to_le_bytes());
            }
        });
    }
}

/// Reads it; its text is not copied.
pub(super) fn read(bytes: &Bytes) -> Result<KeptFamily, String> {
    let (mut name, mut help, mut kind) = (None, String::new(), Kind::default());
    let (mut lines, mut metrics, mut zeros) = (Bytes::new(), Bytes::new(), Vec::new());
    let (mut first, mut last) = (None, None);
    for read in Fields::new(bytes, 0) {
        let (what, value) = read?;
        match what {
            tag::NAME => name = Some(Arc::from(text(&value)?)),
            tag::HELP => help = text(&value)?,
            tag::KIND => {
                let known = value.first().and_then(|at| KINDS.get(usize::from(*at)));
                kind = *known.ok_or("a type that this version does not know")?;
            }
            tag::LINES => lines = value,
            tag::FIRST => first = Some(time(&value)?),
            tag::LAST => last = Some(time(&value)?),
            tag::METRICS => {
                // A part of the file would keep all of it in memory.
                metrics = Bytes::copy_from_slice(&value);
            }
            tag::ZEROS => zeros = value.chunks(ZERO).map(read_zero).collect::<Result<_, _>>()?,
            129.. => {}
            _ => return Err(format!("a field {what} of a family that this version does not know")),
        }
    }
    let (name, stamps) = (name.ok_or("a family without a name")?, Stamps::kept(first, last));
    Ok(KeptFamily { name, help, kind, lines, stamps, metrics, zeros })
}

fn read_zero(bytes: &[u8]) -> Result<(u32, SystemTime), String> {
    let (place, until) = bytes.split_at_checked(4).unwrap_or_default();
    let place = place.try_into().map_err(|_| "a place that has not four bytes")?;
    Ok((u32::from_le_bytes(place), time(until)?))
}
