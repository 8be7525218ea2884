//! Packed bodies: what they unpack to is known before there is memory for it.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use super::BodyError;

/// A body that unpacks to so much is unpacked at once. A larger one is counted first, and thrown away as it
/// is counted: a bomb costs time, and no memory.
const AT_ONCE: usize = 64 << 10;

/// Unpacks gzip, all members, to at most `cap` bytes.
pub fn gunzip(packed: &[u8], cap: usize) -> Result<Bytes, BodyError> {
    let mut unpacked = Vec::new();
    let mut decoder = MultiGzDecoder::new(packed);
    take(&mut decoder, cap.min(AT_ONCE), &mut unpacked)?;
    if unpacked.len() > cap.min(AT_ONCE) {
        let left = limit(cap - cap.min(AT_ONCE));
        let rest =
            std::io::copy(&mut decoder.take(left), &mut std::io::sink()).map_err(|error| broken(&error))?;
        let bytes = usize::try_from(rest).unwrap_or(usize::MAX).saturating_add(unpacked.len());
        if bytes > cap {
            return Err(BodyError::UnpacksTooLarge(cap));
        }
        unpacked = Vec::with_capacity(bytes + 1);
        take(&mut MultiGzDecoder::new(packed), bytes, &mut unpacked)?;
    }
    Ok(unpacked.into())
}

/// Reads one byte more than there may be, so that more is seen to be more.
fn take(from: &mut impl Read, most: usize, into: &mut Vec<u8>) -> Result<(), BodyError> {
    from.take(limit(most)).read_to_end(into).map(drop).map_err(|error| broken(&error))
}

fn limit(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(1)
}

fn broken(error: &std::io::Error) -> BodyError {
    BodyError::Broken(format!("gzip: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_every_size_unpack_to_the_last_byte_and_no_further_than_the_limit() {
        for bytes in [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE + 7] {
            let body: Vec<u8> = (0..251).cycle().take(bytes).collect();
            let packed = crate::negotiate::gzip(&body);
            for cap in [bytes, bytes + 1, usize::MAX] {
                assert_eq!(gunzip(&packed, cap).unwrap(), body, "{bytes} within {cap}");
            }
            if bytes > 0 {
                assert_eq!(gunzip(&packed, bytes - 1), Err(BodyError::UnpacksTooLarge(bytes - 1)));
                assert!(matches!(gunzip(&packed[..packed.len() - 1], bytes), Err(BodyError::Broken(_))));
            }
        }
        let twice = [crate::negotiate::gzip(b"a 1\n"), crate::negotiate::gzip(b"b 2\n")].concat();
        assert_eq!(gunzip(&twice, 8).unwrap(), "a 1\nb 2\n");
    }
}
