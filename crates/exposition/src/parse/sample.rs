//! A sample line of text 0.0.4: `name{labels} value [timestamp]`.
#![allow(clippy::cast_possible_truncation, reason = "`read` refuses texts whose offsets exceed 32 bits")]

use super::number::{self, Fault as NumberFault};
use super::{Dialect, Fault, Parser, Step};
use crate::error::Reason;
use crate::name;
use crate::page::SampleSpan;

impl Parser<'_> {
    pub(super) fn sample(&mut self) -> Step<()> {
        let start = self.at;
        let name_len = self.sample_name(start)?;
        let mut at = self.skip_blanks(start + name_len);
        if self.byte(at) == b'{' {
            at = self.label_block(at + 1)?;
            at = self.skip_blanks(at);
        }
        let (value, end) = self.value(at)?;
        let line_end = if self.byte(end) == b'\n' { end } else { self.timestamp(end)? };
        self.push_sample(SampleSpan {
            start: start as u32,
            name_len: name_len as u32,
            value_at: at as u32,
            end: line_end as u32,
            value,
        })?;
        self.at = line_end + 1;
        Ok(())
    }

    /// Reads the name and makes its family the current one; 0 where the name is in the braces.
    #[inline]
    pub(super) fn sample_name(&mut self, start: usize) -> Step<usize> {
        if self.between_families() {
            let awaited = self.awaited_name(start);
            if awaited > 0 {
                return Ok(awaited);
            }
        } else if let Some(last) = self.index.samples.last()
            && last.name_len > 0
        {
            // Nearly every other sample has the name of the one before it.
            let name = &self.bytes[last.start as usize..(last.start + last.name_len) as usize];
            if self.bytes[start..].starts_with(name) && !name::continues_metric(self.byte(start + name.len()))
            {
                return Ok(name.len());
            }
        }
        self.new_name(start)
    }

    fn new_name(&mut self, start: usize) -> Step<usize> {
        let len = name::metric_len(&self.bytes[start..]);
        if len > self.limits.name {
            return Err(Fault::limit(start, "metric name bytes", len, self.limits.name));
        }
        if len > 0 {
            self.enter_family(start, len);
            return Ok(len);
        }
        if self.byte(start) != b'{' {
            return Err(Fault::new(start, Reason::MetricName { found: self.found(start) }));
        }
        let (at, len) = self.find_quoted_name(start)?;
        self.lenient(start, || Reason::MetricName { found: crate::Found::Char('{') });
        self.enter_family(at, len);
        Ok(0)
    }

    /// Finds the one quoted name in a block such as `{"my.name",job="api"}`.
    fn find_quoted_name(&mut self, start: usize) -> Step<(usize, usize)> {
        let end = self.label_block(start + 1)?;
        let block = &self.text[start + 1..end];
        let mut found = None;
        let mut at = 0;
        while let Some(open) = block[at..].find('"').map(|open| at + open) {
            let before = block[..open].trim_end_matches([' ', '\t']);
            if before.ends_with('=') {
                // A label value, already checked: step over it, escapes and all.
                let mut close = open + 1;
                while let Some(&byte) = block.as_bytes().get(close).filter(|&&byte| byte != b'"') {
                    close += if byte == b'\\' { 2 } else { 1 };
                }
                at = close + 1;
                continue;
            }
            let close = open + 1 + block[open + 1..].find('"').unwrap_or(0);
            at = close + 1;
            if block[at..].trim_start_matches([' ', '\t']).starts_with('=') {
                continue;
            }
            if found.replace((start + 1 + open + 1, close - open - 1)).is_some() {
                return Err(Fault::new(start + 1 + open, Reason::SecondName));
            }
        }
        match found {
            Some((_, 0)) | None => Err(Fault::new(start, Reason::MetricName { found: self.found(start) })),
            Some(name) => Ok(name),
        }
    }

    #[inline]
    pub(super) fn value(&mut self, at: usize) -> Step<(f64, usize)> {
        match number::decimal(&self.bytes[at.min(self.bytes.len())..]) {
            Some((value, len)) => Ok((value, at + len)),
            None => self.odd_value(at),
        }
    }

    fn odd_value(&self, at: usize) -> Step<(f64, usize)> {
        let end = self.token_end(at);
        if end == at {
            return Err(Fault::new(at, Reason::Value { found: self.found(at) }));
        }
        let token = &self.text[at..end];
        match number::token(token) {
            Ok(value) => Ok((value, end)),
            Err(NumberFault::Syntax) => Err(Fault::new(at, Reason::Float(shortened(token)))),
            Err(NumberFault::Range) => Err(Fault::new(at, Reason::FloatRange(shortened(token)))),
        }
    }

    pub(super) fn token_end(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'{')).unwrap_or(rest.len())
    }

    /// What may stand between a value and the end of its line; returns that end.
    fn timestamp(&mut self, after_value: usize) -> Step<usize> {
        let at = self.skip_blanks(after_value);
        if self.byte(at) == b'\n' {
            let found = crate::Found::Char(' ');
            self.lenient(after_value, || Reason::Trailing { found });
            return Ok(at);
        }
        let end = self.token_end(at);
        let token = &self.text[at..end];
        // Prometheus' lexer knows no sign here; a Pushgateway reads it, and refuses any timestamp later.
        let spelt = self.dialect == Dialect::Pushed || token.bytes().all(|byte| byte.is_ascii_digit());
        let stamp = spelt.then(|| token.parse().ok()).flatten();
        let Some(stamp) = stamp.filter(|_| at > after_value) else {
            return Err(Fault::new(at, Reason::Timestamp(shortened(token))));
        };
        self.index.timestamps.push((self.index.samples.len() as u32, stamp));
        let line_end = self.skip_blanks(end);
        if self.byte(line_end) != b'\n' {
            return Err(Fault::new(line_end, Reason::Trailing { found: self.found(line_end) }));
        }
        if line_end > end {
            self.lenient(end, || Reason::Trailing { found: crate::Found::Char(' ') });
        }
        Ok(line_end)
    }

    #[inline]
    pub(super) fn push_sample(&mut self, sample: SampleSpan) -> Step<()> {
        if self.index.samples.len() >= self.limits.samples {
            let found = self.limits.samples + 1;
            return Err(Fault::limit(sample.start as usize, "samples", found, self.limits.samples));
        }
        self.index.samples.push(sample);
        Ok(())
    }
}

/// Enough of a token to recognise it by.
pub(super) fn shortened(token: &str) -> String {
    token.chars().take(80).collect()
}
