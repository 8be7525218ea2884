//! The label block: `{name="value",…}`.
//!
//! Each label name is first held against the one at its position in the line before. When it is
//! the same, one comparison stands for reading it, for checking its letters, and for checking
//! that no name stands twice.

use super::{Dialect, Fault, Parser, Step};
use crate::error::Reason;
use crate::name;

/// A label name of an earlier line; all in one shape differ from each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    start: usize,
    len: usize,
    /// Its first eight bytes, or fewer.
    word: u64,
}

/// Label names that are compared one by one.
const FEW: usize = 16;

impl Parser<'_> {
    /// Reads on behind the `{`; returns the place behind the `}`.
    #[inline]
    pub(super) fn label_block(&mut self, mut at: usize) -> Step<usize> {
        let mut count = 0;
        loop {
            if matches!(self.byte(at), b' ' | b'\t') {
                at = self.blank_in_block(at)?;
            }
            if self.byte(at) == b'}' {
                if count > 0 && self.dialect == Dialect::OpenMetrics {
                    // Behind a comma a label must follow (OpenMetrics 1.0, `labels` of its ABNF).
                    return Err(Fault::new(at, Reason::LabelName { found: self.found(at) }));
                }
                return Ok(at + 1);
            }
            let Some(value) = self.label_name(at, count)? else {
                at = self.separator(self.quoted_end(at)?)?;
                continue;
            };
            let end = self.label_value(value)?;
            if end - value > self.limits.label_value {
                return Err(Fault::limit(value, "label value bytes", end - value, self.limits.label_value));
            }
            count += 1;
            if count > self.limits.series_labels {
                return Err(Fault::limit(at, "labels of a series", count, self.limits.series_labels));
            }
            at = match self.byte(end + 1) {
                b',' => end + 2,
                b'}' => return Ok(end + 2),
                _ => self.separator(end + 1)?,
            };
        }
    }

    /// Reads `name="`; returns the start of the value, or `None` at a quoted metric name.
    #[inline]
    fn label_name(&mut self, at: usize, position: usize) -> Step<Option<usize>> {
        if let Some(name) = self.shape.get(position) {
            let after = at + name.len;
            if self.same_name(*name, at) && self.byte(after) == b'=' && self.byte(after + 1) == b'"' {
                return Ok(Some(after + 2));
            }
        }
        self.new_label_name(at, position)
    }

    #[inline]
    fn same_name(&self, name: Name, at: usize) -> bool {
        let rest = &self.bytes[at..];
        if name.len <= 8
            && let Some(word) = rest.first_chunk::<8>()
        {
            return u64::from_le_bytes(*word) & mask(name.len) == name.word;
        }
        rest.starts_with(&self.bytes[name.start..name.start + name.len])
    }

    fn new_label_name(&mut self, at: usize, position: usize) -> Step<Option<usize>> {
        let quoted = self.byte(at) == b'"';
        let (start, len, mut next) = if quoted {
            let end = self.quoted_end(at)?;
            (at + 1, end - at - 2, end)
        } else {
            let len = name::label_len(&self.bytes[at..]);
            (at, len, at + len)
        };
        if len == 0 && !quoted {
            return Err(Fault::new(at, Reason::LabelName { found: self.found(at) }));
        }
        if len > self.limits.label_name {
            return Err(Fault::limit(at, "label name bytes", len, self.limits.label_name));
        }
        next = self.blank_in_block(next)?;
        if quoted && matches!(self.byte(next), b',' | b'}') {
            return Ok(None);
        }
        if self.byte(next) != b'=' {
            return Err(Fault::new(next, Reason::Equal { found: self.found(next) }));
        }
        next = self.blank_in_block(next + 1)?;
        if self.byte(next) != b'"' {
            return Err(Fault::new(next, Reason::Quote { found: self.found(next) }));
        }
        let bytes = &self.bytes[start..start + len];
        if bytes == b"__name__" {
            return Err(Fault::new(start, Reason::ReservedName));
        }
        self.shape.truncate(position);
        if self.is_duplicate(bytes) {
            return Err(Fault::new(start, Reason::DuplicateLabel(self.text[start..start + len].to_owned())));
        }
        if quoted {
            self.lenient(at, || Reason::LabelName { found: crate::Found::Char('"') });
        }
        let mut word = [0; 8];
        let kept = len.min(8);
        word[..kept].copy_from_slice(&bytes[..kept]);
        if position >= FEW {
            self.far.insert(&self.bytes[start..start + len], position);
        }
        self.shape.push(Name { start, len, word: u64::from_le_bytes(word) });
        Ok(Some(next + 1))
    }

    /// Whether the shape has this name. A look at each is quickest for a few; with more it would make
    /// the time for a series the square of its labels.
    fn is_duplicate(&self, bytes: &[u8]) -> bool {
        let same = |name: &Name| &self.bytes[name.start..name.start + name.len] == bytes;
        self.shape.iter().take(FEW).any(same)
            || self.shape.len() > FEW
                && self.far.get(bytes).and_then(|at| self.shape.get(*at)).is_some_and(same)
    }

    /// Reads to the closing quote of a value; returns its place.
    #[inline]
    fn label_value(&mut self, start: usize) -> Step<usize> {
        let mut at = start;
        loop {
            at = self.stop(at);
            if self.byte(at) == b'"' {
                return Ok(at);
            }
            at = self.odd_value_byte(start, at)?;
        }
    }

    /// The next quote, backslash or line break, eight bytes at a time.
    ///
    /// A byte of `word ^ pattern` is zero where the pattern's byte stands; the lowest flag of
    /// `(x - 0x01…) & !x & 0x80…` is exactly the first zero byte.
    #[inline]
    fn stop(&self, mut at: usize) -> usize {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGHS: u64 = 0x8080_8080_8080_8080;
        let zeros = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
        while let Some(chunk) = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*chunk);
            let hits = zeros(word ^ (ONES * u64::from(b'"')))
                | zeros(word ^ (ONES * u64::from(b'\\')))
                | zeros(word ^ (ONES * u64::from(b'\n')));
            if hits != 0 {
                return at + (hits.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        while !matches!(self.byte(at), b'"' | b'\\' | b'\n') {
            at += 1;
        }
        at
    }

    #[cold]
    fn odd_value_byte(&mut self, start: usize, at: usize) -> Step<usize> {
        if at >= self.bytes.len() {
            return Err(Fault::new(start - 1, Reason::OpenLabelValue));
        }
        if self.byte(at) == b'\n' {
            if self.dialect == Dialect::OpenMetrics {
                return Err(Fault::new(start - 1, Reason::OpenLabelValue));
            }
            self.lenient(at, || Reason::LineBreak);
            return Ok(at + 1);
        }
        let Some(escaped) = self.text[at + 1..].chars().next().filter(|&c| c != '\n') else {
            return Err(Fault::new(start - 1, Reason::OpenLabelValue));
        };
        if !matches!(escaped, '\\' | '"' | 'n') {
            self.lenient(at, || Reason::Escape(escaped));
        }
        Ok(at + 1 + escaped.len_utf8())
    }

    /// From behind a value to the next name or the closing brace.
    #[cold]
    fn separator(&mut self, at: usize) -> Step<usize> {
        let at = self.blank_in_block(at)?;
        match self.byte(at) {
            b',' => Ok(at + 1),
            b'}' => Ok(at),
            // Prometheus takes `a="1" b="2"`, whether it means to or not; Pushgateways do not.
            byte if self.dialect == Dialect::Scraped && (byte == b'"' || name::label_len(&[byte]) == 1) => {
                let found = self.found(at);
                self.lenient(at, || Reason::CommaOrBrace { found });
                Ok(at)
            }
            _ => Err(Fault::new(at, Reason::CommaOrBrace { found: self.found(at) })),
        }
    }

    /// OpenMetrics has no blanks in a label block (`labels` of its ABNF).
    #[inline]
    fn blank_in_block(&self, at: usize) -> Step<usize> {
        let next = self.skip_blanks(at);
        if next > at && self.dialect == Dialect::OpenMetrics {
            return Err(Fault::new(at, Reason::LabelName { found: self.found(at) }));
        }
        Ok(next)
    }

    /// The place behind a quoted name whose opening quote is at `at`.
    pub(super) fn quoted_end(&self, at: usize) -> Step<usize> {
        let end = self.stop(at + 1);
        match self.byte(end) {
            b'"' => Ok(end + 1),
            b'\\' => {
                let line = &self.text[at..self.line_end(at)];
                Err(Fault::new(end, Reason::EscapedName(line.chars().take(80).collect())))
            }
            _ => Err(Fault::new(at, Reason::OpenLabelValue)),
        }
    }
}

#[inline]
fn mask(len: usize) -> u64 {
    if len >= 8 { u64::MAX } else { (1 << (8 * len)) - 1 }
}
