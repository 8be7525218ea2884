//! Reading a page: the entry points, the walk over its lines, and what the parts share.
//!
//! One grammar serves two readers of text 0.0.4. Where Prometheus' scraper takes what a
//! Pushgateway refuses, the place is noted as a leniency: a scraped page then merely cannot be
//! handed on verbatim, while for a pushed page it is the error.

mod comment;
mod family;
mod labels;
mod number;
mod openmetrics;
mod sample;
mod utf8;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use memchr::memchr_iter;

use crate::error::{Found, ParseError, Reason};
use crate::limits::Limits;
use crate::page::{Index, Page};

impl Page {
    /// Reads Prometheus text 0.0.4 as Prometheus' scraper does (`model/textparse`).
    ///
    /// Besides the grammar it refuses a label name that stands twice in one series, as the
    /// scraper does after parsing. Duplicate series are not its business.
    pub fn parse(text: impl Into<Bytes>, limits: &Limits) -> Result<Self, ParseError> {
        read(&text.into(), limits, Dialect::Scraped)
    }

    /// Reads OpenMetrics 1.0 as Prometheus' scraper does; `# EOF` must end it.
    ///
    /// `_created` lines and exemplars are set apart from the samples.
    pub fn parse_openmetrics(text: impl Into<Bytes>, limits: &Limits) -> Result<Self, ParseError> {
        read(&text.into(), limits, Dialect::OpenMetrics)
    }

    /// Reads text 0.0.4 as a Pushgateway reads the body of a push (`expfmt`).
    ///
    /// Stricter than [`Page::parse`]: the last line must end in a line break, escapes must be
    /// known ones, nothing may follow a value but a timestamp, and a family has one HELP and one
    /// TYPE line, the latter before its samples.
    pub fn parse_pushed(text: impl Into<Bytes>, limits: &Limits) -> Result<Self, ParseError> {
        read(&text.into(), limits, Dialect::Pushed)
    }
}

/// Reads a number as a value is read: a far one is not infinite unless it says so.
pub fn value(text: &str) -> Option<f64> {
    number::token(text).ok()
}

/// The value at the start of `bytes`, and its length; none where a page with it would be refused.
#[inline]
pub(crate) fn value_at(bytes: &[u8]) -> Option<(f64, usize)> {
    number::decimal(bytes).or_else(|| {
        let end = bytes.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'{'))?;
        let token = std::str::from_utf8(&bytes[..end]).ok()?;
        number::token(token).ok().map(|value| (value, end))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Scraped,
    Pushed,
    OpenMetrics,
}

/// What is wrong, at a byte offset; boxed, since the way without a fault must stay small.
struct Fault(Box<(usize, Reason)>);

impl Fault {
    #[cold]
    fn new(at: usize, reason: Reason) -> Self {
        Self(Box::new((at, reason)))
    }

    #[cold]
    fn limit(at: usize, what: &'static str, found: usize, limit: usize) -> Self {
        Self::new(at, Reason::Limit { what, found, limit })
    }
}

type Step<T> = Result<T, Fault>;

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    limits: &'a Limits,
    dialect: Dialect,
    index: Index,
    /// The label names of the lines before: most lines have those of the last one.
    shape: Vec<labels::Name>,
    /// Where the names stand that came far behind in a shape; what is no longer so is told by the shape.
    far: HashMap<&'a [u8], usize>,
    /// Families by name; made when the first sample stands apart from its TYPE line.
    known: Option<HashMap<&'a str, u32>>,
    /// Something that only [`Parser::settle`] can put right was seen.
    unsettled: bool,
    leniency: Option<Fault>,
    /// A Pushgateway's reader knows a family whose name could be that of a histogram's sample, and
    /// then looks for it first.
    ambiguous: bool,
    /// Bytes that were no UTF-8, and the place of what stands for them; those in free comments go.
    broken: Vec<(usize, u8)>,
    /// A Pushgateway reads something else here than Prometheus' scraper does.
    readers_differ: bool,
}

fn read(bytes: &Bytes, limits: &Limits, dialect: Dialect) -> Result<Page, ParseError> {
    let place = |text: &[u8], fault: Fault| {
        let (at, reason) = *fault.0;
        let (line, column) = place(text, at);
        ParseError { line, column, reason }
    };
    // The index addresses the text with 32 bits.
    let most = limits.body.min(u32::MAX as usize);
    if bytes.len() > most {
        return Err(place(&[], Fault::limit(0, "body bytes", bytes.len(), most)));
    }
    let (text, broken) = match ByteString::try_from(bytes.clone()) {
        Ok(text) => (text, Vec::new()),
        Err(_) => utf8::repaired(bytes),
    };
    let parser = Parser { broken, ..Parser::new(&text, limits, dialect) };
    let index = parser.run().map_err(|fault| place(text.as_bytes(), fault))?;
    Ok(Page { text, index: Arc::new(index) })
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, limits: &'a Limits, dialect: Dialect) -> Self {
        let mut index = Index { openmetrics: dialect == Dialect::OpenMetrics, ..Index::default() };
        // One sample a line at the most, and lines about as long as those at the start.
        let head = &text.as_bytes()[..text.len().min(2048)];
        let lines = (memchr_iter(b'\n', head).count() + 1) * (text.len() / head.len().max(1));
        index.samples.reserve(lines.min(limits.samples));
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            limits,
            dialect,
            index,
            shape: Vec::new(),
            far: HashMap::new(),
            known: None,
            unsettled: false,
            leniency: None,
            ambiguous: false,
            broken: Vec::new(),
            readers_differ: false,
        }
    }

    fn run(mut self) -> Step<Index> {
        let read = if self.dialect == Dialect::OpenMetrics { self.openmetrics() } else { self.text() };
        self.no_broken_data(read.as_ref().err())?;
        read?;
        self.close_family();
        self.settle();
        if self.dialect == Dialect::Pushed
            && let Some(fault) = self.leniency
        {
            return Err(fault);
        }
        let text = self.dialect != Dialect::OpenMetrics;
        self.index.verbatim = text && self.leniency.is_none() && !self.readers_differ;
        self.index.samples.shrink_to_fit();
        self.index.families.shrink_to_fit();
        Ok(self.index)
    }

    fn text(&mut self) -> Step<()> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => self.at += 1,
                b' ' | b'\t' => self.indent()?,
                b'#' => self.comment()?,
                _ => self.sample()?,
            }
        }
        if !matches!(self.bytes.last(), None | Some(b'\n')) {
            self.lenient(self.bytes.len(), || Reason::LastLine);
        }
        Ok(())
    }

    /// Blanks before a line. Prometheus makes those before a name a part of it, which no name may have.
    fn indent(&mut self) -> Step<()> {
        let start = self.at;
        self.at = self.skip_blanks(start);
        let name = !matches!(self.byte(self.at), b'\n' | b'#');
        self.readers_differ |= name;
        if name && self.dialect == Dialect::Scraped {
            return Err(Fault::new(start, Reason::MetricName { found: self.found(start) }));
        }
        Ok(())
    }

    /// The byte at `at`; behind the end of the page, the line break that Prometheus adds there.
    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    #[inline]
    fn skip_blanks(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        at
    }

    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |found| at + found)
    }

    /// Notes the first thing that a stricter reader would refuse.
    #[cold]
    fn lenient(&mut self, at: usize, reason: impl FnOnce() -> Reason) {
        if self.leniency.is_none() {
            self.leniency = Some(Fault::new(at, reason()));
        }
    }

    #[cold]
    fn found(&self, at: usize) -> Found {
        match self.text.get(at..).and_then(|rest| rest.chars().next()) {
            None | Some('\n') => Found::EndOfLine,
            Some(c) => Found::Char(c),
        }
    }
}

/// Line and column, both from 1, of a byte offset.
#[cold]
fn place(text: &[u8], at: usize) -> (u32, u32) {
    let before = &text[..at.min(text.len())];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let line = memchr_iter(b'\n', before).count() + 1;
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}
