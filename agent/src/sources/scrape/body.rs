//! The body of an answer, unpacked and counted as it comes: a page that breaks a limit is given up with the
//! byte that does, so that a bomb, a million series or a line without end take little memory.
//!
//! What passes here is counted again, exactly, by the parser.

use std::cell::Cell;
use std::io::{self, Write};

use bytes::Bytes;
use exposition::Limits;
use memchr::memchr;

use super::fetch::Failure;
use crate::unpack::Unpack;

/// Bytes of a line, where the limits allow no longer series.
const LONGEST_LINE: usize = 1 << 20;
/// So many lines for each sample: HELP, TYPE, the sample itself, and an empty one.
const LINES: usize = 4;

/// Bytes of a body whose room a thread keeps for the next one.
const KEPT: usize = 1 << 20;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Room for about so many bytes: that of a body before, if it is of that size.
fn room(expected: usize) -> Vec<u8> {
    let mut spare = SPARE.take();
    if spare.capacity() < expected || spare.capacity() / 2 > expected {
        return Vec::with_capacity(expected);
    }
    spare.clear();
    spare
}

/// A body that nobody needs any more: most are as long as the next one, and what is freed and asked for again in such
/// pieces costs more than to fill it.
pub(super) fn done(body: Bytes) {
    if let Ok(room) = body.try_into_mut()
        && room.capacity() <= KEPT
    {
        SPARE.set(room.into());
    }
}

/// A body on its way in.
pub(super) struct Body(Unpack<Page>);

/// The text so far.
pub(super) struct Page {
    text: Vec<u8>,
    limits: Limits,
    /// What the message calls a body that is too long.
    what: &'static str,
    longest_line: usize,
    /// Bytes of the text whose lines are counted.
    counted: usize,
    lines: usize,
    samples: usize,
    /// Bytes of the line that is not complete.
    line: usize,
    broken: Option<Failure>,
    /// It has lines; messages are counted when they are whole.
    is_text: bool,
}

impl Body {
    /// A body of about so many bytes.
    pub(super) fn new(limits: Limits, is_packed: bool, is_text: bool, expected: usize) -> Self {
        let series =
            limits.series_labels.saturating_mul(limits.label_name.saturating_add(limits.label_value));
        let page = Page {
            text: room(expected.min(limits.body)),
            limits,
            what: if is_packed { "body unpacks to more than" } else { "body is over" },
            longest_line: series.max(LONGEST_LINE),
            counted: 0,
            lines: 0,
            samples: 0,
            line: 0,
            broken: None,
            is_text,
        };
        Self(Unpack::new(page, is_packed))
    }

    /// Takes the next bytes as they came.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.take(bytes).map_err(|error| self.failure(&error))
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Failure> {
        self.0.finish().map_err(|error| self.failure(&error))?;
        Ok(std::mem::take(&mut self.0.target().text))
    }

    /// The limit that was broken, or what gzip says.
    fn failure(&mut self, error: &io::Error) -> Failure {
        self.0.target().broken.take().unwrap_or_else(|| gzip(error))
    }
}

fn gzip(error: &io::Error) -> Failure {
    Failure { reason: "body", message: format!("cannot be scraped: body cannot be read: gzip: {error}") }
}

impl Page {
    fn add(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let cap = self.limits.body;
        if self.text.len().saturating_add(bytes.len()) > cap {
            let message = format!("{} the limit of {cap} bytes", self.what);
            return Err(Failure { reason: "body_limit", message });
        }
        self.text.extend_from_slice(bytes);
        // What has fewer bytes than it may have lines breaks no other limit, and most pages are no longer.
        if self.is_text && self.text.len() > self.limits.samples.min(self.longest_line) {
            self.count()?;
        }
        Ok(())
    }

    /// Counts what was not counted yet.
    fn count(&mut self) -> Result<(), Failure> {
        while let Some(first) = self.text.get(self.counted) {
            if self.line == 0 {
                self.lines += 1;
                self.samples += usize::from(!matches!(first, b'#' | b'\n' | b'\r' | b' ' | b'\t'));
            }
            let end = memchr(b'\n', &self.text[self.counted..]);
            let taken = end.map_or(self.text.len() - self.counted, |end| end + 1);
            self.line += taken;
            self.check()?;
            if end.is_some() {
                self.line = 0;
            }
            self.counted += taken;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
        let most = self.limits.samples;
        let lines = most.saturating_mul(LINES).saturating_add(1_000);
        let (column, what, found, limit) = if self.samples > most {
            (1, "samples", self.samples, most)
        } else if self.lines > lines {
            (1, "lines", self.lines, lines)
        } else if self.line > self.longest_line {
            (self.longest_line, "bytes in one line", self.line, self.longest_line)
        } else {
            return Ok(());
        };
        let line = self.lines;
        let message = format!("line {line}, column {column}: {what} of {found} is over the limit of {limit}");
        Err(Failure { reason: "page_limit", message })
    }
}

/// For the decoder: it gets only as far as the first limit.
impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes).map_err(|failure| {
            let error = io::Error::other(failure.message.clone());
            self.broken = Some(failure);
            error
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], is_packed: bool, limits: Limits) -> Result<Vec<u8>, Failure> {
        let mut body = Body::new(limits, is_packed, true, 0);
        // Byte by byte is the hardest way.
        text.iter().try_for_each(|byte| body.take(&[*byte]))?;
        body.finish()
    }

    #[test]
    fn pages_come_out_as_they_are() {
        let page = b"# HELP a b\n# TYPE a gauge\na 1\n\na{x=\"1\"} 2\n\n\n\n";
        let limits = Limits { samples: 2, ..Limits::default() };
        assert_eq!(read(page, false, limits).unwrap(), page);
        let packed = service::negotiate::gzip(page);
        assert_eq!(read(&packed, true, limits).unwrap(), page);
        let twice = [packed.as_slice(), &packed].concat();
        let four = Limits { samples: 4, ..limits };
        assert_eq!(read(&twice, true, four).unwrap(), [page.as_slice(), page].concat());
    }

    #[test]
    fn the_room_of_a_body_is_the_next_ones_if_it_is_of_that_size() {
        done(vec![b'a'; 1000].into());
        assert_eq!((room(400).capacity(), room(900).capacity()), (400, 900), "a thing of a moment");
        let body = vec![b'a'; 1000];
        let at = body.as_ptr();
        done(body.into());
        let again = room(900);
        assert_eq!((again.as_ptr(), again.len(), again.capacity()), (at, 0, 1000));
        let (one, other) = (Bytes::from(vec![0; 900]), Bytes::from(vec![0; KEPT + 1]));
        let _kept = one.clone();
        done(one);
        done(other);
        assert_eq!(SPARE.take().capacity(), 0, "of another's, and of one that is too large");
    }

    #[test]
    fn gzip_that_breaks_off_or_is_none_is_told() {
        let packed = service::negotiate::gzip(b"a 1\n");
        for bad in [&packed[..packed.len() - 5], b"a 1\n".as_slice()] {
            let failure = read(bad, true, Limits::default()).unwrap_err();
            assert!(failure.reason == "body" && failure.message.contains("gzip"), "{failure:?}");
        }
    }

    #[test]
    fn each_limit_is_told() {
        let limits = Limits { samples: 2, body: 1_100_000, ..Limits::default() };
        for (page, part) in [
            ("a 1\na 2\na 3\n".to_owned(), "line 3, column 1: samples of 3 is over the limit of 2"),
            ("\n".repeat(1_009), "line 1009, column 1: lines of 1009 is over the limit of 1008"),
            (
                "#".repeat(1_050_000),
                "column 1048576: bytes in one line of 1048577 is over the limit of 1048576",
            ),
        ] {
            let said = read(page.as_bytes(), false, limits)
                .map_or_else(|failure| failure.message, |_| String::new());
            assert!(said.contains(part), "{part} in {said}");
        }
        let failure = read(b"abc", false, Limits { body: 2, ..limits }).unwrap_err();
        assert_eq!(
            (failure.reason, failure.message.as_str()),
            ("body_limit", "body is over the limit of 2 bytes")
        );
    }
}
