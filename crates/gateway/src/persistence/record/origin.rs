//! What a group remembers of its origins.

use std::time::Duration;

use super::fields::{nanoseconds, number, time};
use crate::groups::KeptOrigin;

/// How long new counters read 0, whether the group leaves, and when all its values are shown.
pub(super) fn write_origin(origin: &KeptOrigin, out: &mut Vec<u8>) {
    let length = u64::try_from(origin.origin.as_nanos()).unwrap_or(u64::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.push(u8::from(origin.leaving));
    if let Some(shown) = origin.shown {
        out.extend_from_slice(&nanoseconds(shown).to_le_bytes());
    }
}

pub(super) fn read_origin(bytes: &[u8]) -> Result<KeptOrigin, String> {
    let (length, rest) = bytes.split_at_checked(8).unwrap_or_default();
    let origin = Duration::from_nanos(number(length)?);
    let (leaving, shown) = rest.split_first().ok_or("an origin that is cut")?;
    let shown = if shown.is_empty() { None } else { Some(time(shown)?) };
    Ok(KeptOrigin { origin, shown, leaving: *leaving == 1 })
}
