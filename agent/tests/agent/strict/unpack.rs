//! Bodies as they come: one block of snappy, or zstd.

use super::mode::Kind;
use super::rule::{Found, Rule};

/// No request of a test is larger.
const MAX: usize = 64 << 20;

/// How a stream of frames begins, which a block cannot.
const FRAMES: &[u8] = b"\xff\x06\x00\x00sNaPpY";

pub(crate) fn unpack(kind: Kind, body: &[u8], found: &mut Found) -> Option<Vec<u8>> {
    if kind != Kind::Zstd && body.starts_with(FRAMES) {
        found.add(Rule::Framed, "the stream identifier of the framing format");
        return None;
    }
    let unpacked = match kind {
        Kind::Zstd => zstd::bulk::decompress(body, MAX).map_err(|error| error.to_string()),
        Kind::V1 | Kind::V2 => block(body),
    };
    match unpacked {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            found.add(Rule::Unreadable, format!("{kind:?}, {} bytes: {error}", body.len()));
            None
        }
    }
}

fn block(body: &[u8]) -> Result<Vec<u8>, String> {
    let length = snap::raw::decompress_len(body).map_err(|error| error.to_string())?;
    if length > MAX {
        return Err(format!("{length} bytes when unpacked"));
    }
    snap::raw::Decoder::new().decompress_vec(body).map_err(|error| error.to_string())
}
