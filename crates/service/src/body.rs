//! Request bodies, read with a running limit: a chunked body has no length to believe.

use std::io::Read;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use thiserror::Error;

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// It went over the cap; the rest was not read.
    #[error("body is over the limit of {0} bytes")]
    TooLarge(usize),
    /// It unpacked to more than the cap; the rest was not unpacked.
    #[error("body unpacks to more than the limit of {0} bytes")]
    UnpacksTooLarge(usize),
    /// It did not come in time.
    #[error("body did not come within {0:?}")]
    Slow(Duration),
    /// The connection broke or the encoding is wrong.
    #[error("body cannot be read: {0}")]
    Broken(String),
}

/// Collects a body of at most `cap` bytes.
pub async fn read<S, B, E>(body: S, cap: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
    E: std::fmt::Display,
{
    let mut body = std::pin::pin!(body);
    let mut collected = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let mut chunk = chunk.map_err(|error| BodyError::Broken(error.to_string()))?;
        if collected.len() + chunk.remaining() > cap {
            return Err(BodyError::TooLarge(cap));
        }
        collected.extend_from_slice(&chunk.copy_to_bytes(chunk.remaining()));
    }
    Ok(collected.freeze())
}

/// Collects a body of at most `cap` bytes, all of which must come within `limit`: a client that
/// announces a body and sends none would hold its place for ever.
pub async fn read_within<S, B, E>(body: S, cap: usize, limit: Duration) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
    E: std::fmt::Display,
{
    tokio::time::timeout(limit, read(body, cap)).await.unwrap_or(Err(BodyError::Slow(limit)))
}

/// Unpacks gzip, all members, to at most `cap` bytes.
pub fn gunzip(packed: &[u8], cap: usize) -> Result<Bytes, BodyError> {
    let mut unpacked = Vec::new();
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    flate2::read::MultiGzDecoder::new(packed)
        .take(limit)
        .read_to_end(&mut unpacked)
        .map_err(|error| BodyError::Broken(format!("gzip: {error}")))?;
    if unpacked.len() > cap {
        return Err(BodyError::UnpacksTooLarge(cap));
    }
    Ok(unpacked.into())
}
