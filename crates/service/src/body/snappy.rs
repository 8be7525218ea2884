//! Framed snappy (`framing_format.txt` of google/snappy), as Go clients of a Pushgateway send it.

use std::io::Read;

use bytes::Bytes;

use super::BodyError;

/// Unpacks framed snappy to at most `cap` bytes.
pub fn unsnap(packed: &[u8], cap: usize) -> Result<Bytes, BodyError> {
    let mut unpacked = Vec::new();
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    snap::read::FrameDecoder::new(packed)
        .take(limit)
        .read_to_end(&mut unpacked)
        .map_err(|error| BodyError::Broken(format!("snappy: {error}")))?;
    if unpacked.len() > cap {
        return Err(BodyError::UnpacksTooLarge(cap));
    }
    Ok(unpacked.into())
}
