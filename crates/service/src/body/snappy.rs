//! Framed snappy (`framing_format.txt` of google/snappy), as Go clients of a Pushgateway send it.

use std::io::Read;

use bytes::Bytes;
use snap::read::FrameDecoder;

use super::BodyError;

/// Unpacks framed snappy to at most `cap` bytes. They are counted first: a bomb costs no memory.
pub fn unsnap(packed: &[u8], cap: usize) -> Result<Bytes, BodyError> {
    let broken = |error: std::io::Error| BodyError::Broken(format!("snappy: {error}"));
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    let mut counted = FrameDecoder::new(packed).take(limit);
    let bytes = std::io::copy(&mut counted, &mut std::io::sink()).map_err(broken)?;
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    if bytes > cap {
        return Err(BodyError::UnpacksTooLarge(cap));
    }
    let mut unpacked = Vec::with_capacity(bytes);
    FrameDecoder::new(packed).read_to_end(&mut unpacked).map_err(broken)?;
    Ok(unpacked.into())
}
