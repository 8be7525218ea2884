//! A gateway's page, line by line: it may be far longer than what is wanted of it, and comes packed where the
//! gateway can.

use std::io::{self, Write};

use futures_util::StreamExt;
use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;

use super::place;
use crate::exchange;
use crate::unpack::Unpack;

/// A line of a gateway is no longer than this, or is none that is wanted.
const LONGEST: usize = 1 << 20;

/// Hands each line to `line`, and stops where the text is longer than `most` bytes; how many came over the wire.
pub(crate) async fn each(response: Response, most: usize, line: impl FnMut(&[u8])) -> Result<usize, String> {
    let is_packed = match place::header(&response, CONTENT_ENCODING).map(str::trim) {
        None | Some("" | "identity") => false,
        Some(packed) if packed.eq_ignore_ascii_case("gzip") => true,
        Some(other) => return Err(format!("the page comes as {other:?}, expected gzip or plain text")),
    };
    let mut body = Unpack::new(Lines { line, rest: Vec::new(), left: most, over: false }, is_packed);
    let (mut stream, mut read) = (response.bytes_stream(), 0_usize);
    let failed = |error: &io::Error, over: bool| {
        if over {
            format!("the page is longer than {most} bytes")
        } else {
            format!("the page cannot be unpacked: gzip: {error}")
        }
    };
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| exchange::cause(&error))?;
        read += chunk.len();
        body.take(&chunk).map_err(|error| failed(&error, body.target().over))?;
    }
    body.finish().map_err(|error| failed(&error, body.target().over))?;
    let lines = body.target();
    if !lines.rest.is_empty() {
        (lines.line)(&lines.rest);
    }
    Ok(read)
}

/// The text, of which only the line that is not complete is kept.
struct Lines<F: FnMut(&[u8])> {
    line: F,
    rest: Vec<u8>,
    /// Bytes of text that may still come.
    left: usize,
    /// More came than that.
    over: bool,
}

impl<F: FnMut(&[u8])> Write for Lines<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.left {
            self.over = true;
            return Err(io::Error::other("too long"));
        }
        self.left -= bytes.len();
        let mut parts = bytes.split(|byte| *byte == b'\n');
        self.rest.extend_from_slice(parts.next().unwrap_or_default());
        for part in parts {
            (self.line)(&self.rest);
            self.rest.clear();
            self.rest.extend_from_slice(part);
        }
        self.rest.truncate(LONGEST);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    async fn lines(encoding: &str, body: Vec<u8>, most: usize) -> Result<(usize, Vec<String>), String> {
        let response = http::Response::builder().header("content-encoding", encoding).body(body).unwrap();
        let mut found = Vec::new();
        let read = each(response.into(), most, |line| found.push(String::from_utf8_lossy(line).into_owned()));
        let read = read.await?;
        Ok((read, found))
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut into = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        into.write_all(text).unwrap();
        into.finish().unwrap()
    }

    #[tokio::test]
    async fn a_packed_page_has_the_lines_of_a_plain_one_and_costs_what_came() {
        let text = "a 1\nb 2\n".repeat(10_000) + "last";
        let (plain, want) = lines("", text.clone().into(), text.len()).await.unwrap();
        assert_eq!((plain, want.len(), want.last().unwrap().as_str()), (text.len(), 20_001, "last"));
        let body = packed(text.as_bytes());
        let length = body.len();
        assert_eq!(lines("gzip", body, text.len()).await.unwrap(), (length, want));
    }

    #[tokio::test]
    async fn what_is_too_long_or_broken_or_packed_otherwise_is_said() {
        let said = |encoding, body, most| async move { lines(encoding, body, most).await.unwrap_err() };
        assert_eq!(said("", b"a 1\n".to_vec(), 3).await, "the page is longer than 3 bytes");
        let bomb = packed(&vec![b' '; 1 << 22]);
        assert_eq!(said("gzip", bomb, 1 << 20).await, "the page is longer than 1048576 bytes");
        let mut cut = packed(b"a 1\n");
        cut.truncate(12);
        assert!(said("gzip", cut, 100).await.starts_with("the page cannot be unpacked: gzip: "));
        let want = "the page comes as \"br\", expected gzip or plain text";
        assert_eq!(said("br", Vec::new(), 100).await, want);
    }
}
