//! Packed bodies: what they unpack to is known before there is memory for it.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::GzDecoder;

use super::BodyError;

/// A body that unpacks to so much is unpacked at once. A larger one is counted first, and thrown away as it
/// is counted: a bomb costs time, and no memory.
const AT_ONCE: usize = 64 << 10;

/// Members of one body. Whoever packs in pieces makes a few; each begins anew, which takes its time.
const MEMBERS: usize = 1000;
/// What each begins with (RFC 1952 section 2.3.1).
const MAGIC: &[u8] = &[0x1f, 0x8b];

/// All members, one after the other. What is behind the last one and is none is left alone, as by the real
/// Pushgateway.
struct Members<'a> {
    now: Option<GzDecoder<&'a [u8]>>,
    left: usize,
}

impl<'a> Members<'a> {
    fn new(packed: &'a [u8]) -> Self {
        Self { now: Some(GzDecoder::new(packed)), left: MEMBERS - 1 }
    }
}

impl Read for Members<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while let Some(member) = &mut self.now {
            let bytes = member.read(into)?;
            if bytes > 0 || into.is_empty() {
                return Ok(bytes);
            }
            let rest = self.now.take().map(GzDecoder::into_inner).unwrap_or_default();
            if !rest.starts_with(MAGIC) {
                break;
            }
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| std::io::Error::other(format!("more than the limit of {MEMBERS} members")))?;
            self.now = Some(GzDecoder::new(rest));
        }
        Ok(0)
    }
}

/// Unpacks gzip, all members, to at most `cap` bytes.
pub fn gunzip(packed: &[u8], cap: usize) -> Result<Bytes, BodyError> {
    let mut unpacked = Vec::new();
    let mut decoder = Members::new(packed);
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
        take(&mut Members::new(packed), bytes, &mut unpacked)?;
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
        for behind in [&b"\0\0\0"[..], b"x", &MAGIC[..1]] {
            assert_eq!(gunzip(&[&twice, behind].concat(), 8).unwrap(), "a 1\nb 2\n");
        }
        assert!(matches!(gunzip(&[&twice, MAGIC].concat(), 8), Err(BodyError::Broken(_))));
    }

    #[test]
    fn members_are_counted() {
        let empty = crate::negotiate::gzip(b"");
        assert_eq!(gunzip(&empty.repeat(MEMBERS), 8).unwrap(), "");
        let Err(BodyError::Broken(said)) = gunzip(&empty.repeat(MEMBERS + 1), 8) else { panic!("taken") };
        assert_eq!(said, "gzip: more than the limit of 1000 members");
    }
}
