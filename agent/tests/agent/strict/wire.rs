//! Fields of a message by their numbers: what a decoder passes over without a word.

use super::mode::Kind;
use super::rule::{Found, Rule};

/// Says which fields there are that the message does not have, in the request and in its series.
pub(crate) fn judge(kind: Kind, message: &[u8], found: &mut Found) {
    // 1.0 calls metadata reserved and Prometheus sends it; exemplars and histograms are Prometheus' as well.
    let (request, list, series): (&[u64], u64, &[u64]) = match kind {
        Kind::V2 => (&[4, 5], 5, &[1, 2, 3, 4, 5]),
        Kind::V1 | Kind::Zstd => (&[1, 3], 1, &[1, 2, 3, 4]),
    };
    for (number, inner) in fields(message) {
        found.unless(request.contains(&number), Rule::ReservedField, || format!("{number} of the request"));
        if number == list {
            for (number, _) in fields(inner) {
                found.unless(series.contains(&number), Rule::ReservedField, || {
                    format!("{number} of a series")
                });
            }
        }
    }
}

/// Numbers, and the bytes of those that have a length; ends at the first that cannot be read.
fn fields(mut rest: &[u8]) -> Vec<(u64, &[u8])> {
    let mut fields = Vec::new();
    while let Some(tag) = varint(&mut rest) {
        let length = match tag & 7 {
            0 => varint(&mut rest).map(|_| 0),
            1 => Some(8),
            2 => varint(&mut rest).and_then(|length| usize::try_from(length).ok()),
            5 => Some(4),
            _ => None,
        };
        let Some((inner, after)) = length.and_then(|length| rest.split_at_checked(length)) else { break };
        fields.push((tag >> 3, inner));
        rest = after;
    }
    fields
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
