//! Request bodies, read with a running limit: a chunked body has no length to believe.

mod budget;
mod gunzip;
mod snappy;

pub use budget::{Budget, Room};
pub use gunzip::gunzip;
pub use snappy::unsnap;

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
    /// The bodies of others take all the room that there is.
    #[error("too many bodies are being received")]
    NoRoom,
    /// It did not come in time.
    #[error("body did not come within {0:?}")]
    Slow(Duration),
    /// The connection broke or the encoding is wrong.
    #[error("body cannot be read: {0}")]
    Broken(String),
}

/// A body that is too long is read on for as much again and at least this, and thrown away: a client that
/// is still sending when the connection closes may never see why.
const SPILL: usize = 1 << 20;

/// Collects a body of at most `cap` bytes.
pub async fn read<S, B, E>(body: S, cap: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
    E: std::fmt::Display,
{
    collect(body, cap, |_| Ok(())).await
}

async fn collect<S, B, E>(
    body: S,
    cap: usize,
    mut admit: impl FnMut(usize) -> Result<(), BodyError>,
) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
    E: std::fmt::Display,
{
    let mut body = std::pin::pin!(body);
    let mut collected = BytesMut::new();
    let mut seen = 0_usize;
    let mut refused = None;
    while let Some(chunk) = body.next().await {
        let mut chunk = match chunk {
            Ok(chunk) => chunk,
            // Why it was refused says more than how it ended.
            Err(error) => return Err(refused.unwrap_or_else(|| BodyError::Broken(error.to_string()))),
        };
        let bytes = chunk.remaining();
        seen = seen.saturating_add(bytes);
        if refused.is_none() {
            refused = if seen > cap { Some(BodyError::TooLarge(cap)) } else { admit(seen).err() };
            if refused.is_some() {
                collected = BytesMut::new();
            }
        }
        if refused.is_none() {
            collected.extend_from_slice(&chunk.copy_to_bytes(bytes));
        } else if seen > cap.saturating_add(cap.max(SPILL)) {
            break;
        }
    }
    refused.map_or(Ok(collected.freeze()), Err)
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

/// The same, with room for its bytes taken from a budget as they come.
pub async fn read_within_budget<S, B, E>(
    body: S,
    cap: usize,
    limit: Duration,
    budget: &Budget,
) -> Result<Body, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
    E: std::fmt::Display,
{
    let mut room = budget.nothing();
    let read = collect(body, cap, |bytes| if room.grow(bytes) { Ok(()) } else { Err(BodyError::NoRoom) });
    let bytes = tokio::time::timeout(limit, read).await.unwrap_or(Err(BodyError::Slow(limit)))?;
    Ok(Body { bytes, _room: room })
}

/// A body with the room that it takes, which is free again when it is dropped.
#[derive(Debug)]
pub struct Body {
    bytes: Bytes,
    _room: Room,
}

impl Body {
    /// Its bytes, without the room.
    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }
}

impl std::ops::Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
