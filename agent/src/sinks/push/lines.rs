//! A gateway's page, line by line: it may be far longer than what is wanted of it.

use futures_util::StreamExt;
use reqwest::Response;

use crate::exchange;

/// A line of a gateway is no longer than this, or is none that is wanted.
const LONGEST: usize = 1 << 20;

/// Hands each line to `line`, and stops after `most` bytes; how many were read.
pub(crate) async fn each(
    response: Response,
    most: usize,
    mut line: impl FnMut(&[u8]),
) -> Result<usize, String> {
    let mut stream = response.bytes_stream();
    let (mut rest, mut read) = (Vec::new(), 0_usize);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| exchange::cause(&error))?;
        read += chunk.len();
        if read > most {
            return Err(format!("the page is longer than {most} bytes"));
        }
        let mut parts = chunk.split(|byte| *byte == b'\n');
        rest.extend_from_slice(parts.next().unwrap_or_default());
        for part in parts {
            line(&rest);
            rest.clear();
            rest.extend_from_slice(part);
        }
        rest.truncate(LONGEST);
    }
    if !rest.is_empty() {
        line(&rest);
    }
    Ok(read)
}
