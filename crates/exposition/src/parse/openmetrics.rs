//! OpenMetrics 1.0, as Prometheus' scraper reads it: single spaces, `# EOF`, units, exemplars.
#![allow(clippy::cast_possible_truncation, reason = "`read` refuses texts whose offsets exceed 32 bits")]

use super::number;
use super::sample::shortened;
use super::{Fault, Parser, Step};
use crate::error::Reason;
use crate::kind::Kind;
use crate::page::{ExemplarSpan, SampleSpan, Span};

impl Parser<'_> {
    pub(super) fn openmetrics(&mut self) -> Step<()> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'#' {
                if self.openmetrics_comment()? {
                    return Ok(());
                }
            } else {
                self.openmetrics_sample()?;
            }
        }
        Err(Fault::new(self.bytes.len(), Reason::MissingEof))
    }

    /// Reads a metadata line; true at `# EOF`.
    fn openmetrics_comment(&mut self) -> Step<bool> {
        let start = self.at;
        let end = self.line_end(start);
        self.at = end + 1;
        let line = &self.text[start..end];
        if line == "# EOF" {
            if self.bytes.len() > end + 1 {
                return Err(Fault::new(end + 1, Reason::AfterEof));
            }
            return Ok(true);
        }
        let keyword = ["# HELP ", "# TYPE ", "# UNIT "].into_iter().find(|keyword| line.starts_with(keyword));
        let Some(keyword) = keyword else { return Err(Fault::new(start, Reason::Comment)) };
        if end == self.bytes.len() {
            return Err(Fault::new(end, Reason::MissingEof));
        }
        let (name, after) = self.described_name(start + keyword.len())?;
        if self.byte(after) != b' ' {
            return Err(Fault::new(after, Reason::MetricName { found: self.found(after) }));
        }
        let text = Span { start: after as u32 + 1, end: end as u32 };
        let word = text.of(self.text);
        match keyword {
            "# HELP " => self.describe_family(name).help = text,
            "# TYPE " => {
                let Some(kind) = Kind::from_openmetrics(word) else {
                    return Err(Fault::new(after + 1, Reason::Type(shortened(word))));
                };
                let family = self.describe_family(name);
                (family.kind, family.typed) = (kind, true);
            }
            _ => {
                let full = name.of(self.text);
                let stem = full.strip_suffix(word).and_then(|stem| stem.strip_suffix('_'));
                if !word.is_empty() && stem.is_none() {
                    let reason = Reason::Unit { unit: shortened(word), name: shortened(full) };
                    return Err(Fault::new(after + 1, reason));
                }
                let name = self.describe_family(name).name;
                if !word.is_empty() {
                    self.index.units.push((name, text));
                }
            }
        }
        Ok(false)
    }

    fn openmetrics_sample(&mut self) -> Step<()> {
        let start = self.at;
        let name_len = self.sample_name(start)?;
        let mut at = start + name_len;
        if self.byte(at) == b'{' {
            at = self.label_block(at + 1)?;
        }
        let value_at = self.space(at)?;
        let (value, mut at) = self.value(value_at)?;
        let sample = self.index.samples.len() as u32;
        let mut timestamp = None;
        if self.byte(at) == b' ' && self.byte(at + 1) != b'#' {
            let (stamp, end) = self.seconds(at + 1)?;
            (timestamp, at) = (Some(stamp), end);
        }
        let exemplar_at = at;
        if self.text[at..].starts_with(" # {") {
            at = self.exemplar(at + 3, sample)?;
        }
        if self.byte(at) != b'\n' {
            return Err(Fault::new(at, Reason::Trailing { found: self.found(at) }));
        }
        if at >= self.bytes.len() {
            return Err(Fault::new(at, Reason::MissingEof));
        }
        self.at = at + 1;
        let span = SampleSpan {
            start: start as u32,
            name_len: name_len as u32,
            value_at: value_at as u32,
            end: exemplar_at as u32,
            value,
        };
        if self.is_created(&span) {
            let family = self.index.families.len() as u32 - 1;
            self.index.created.push((family, span));
            // An exemplar there means nothing, and its place is the next sample's.
            self.index.exemplars.retain(|exemplar| exemplar.sample < sample);
            return Ok(());
        }
        if let Some(stamp) = timestamp {
            self.index.timestamps.push((sample, stamp));
        }
        self.push_sample(span)
    }

    /// Only these three types have a beginning (OpenMetrics 1.0, "Counter", "Histogram", "Summary").
    fn is_created(&self, span: &SampleSpan) -> bool {
        let Some(family) = self.index.families.last() else { return false };
        let name = &self.text[span.start as usize..(span.start + span.name_len) as usize];
        matches!(family.kind, Kind::Counter | Kind::Histogram | Kind::Summary)
            && name.strip_suffix("_created") == Some(family.name.of(self.text))
    }

    fn exemplar(&mut self, labels_at: usize, sample: u32) -> Step<usize> {
        // The names of an exemplar's labels are its own: keep the samples' shape for the next line.
        let (shape, far) = (std::mem::take(&mut self.shape), std::mem::take(&mut self.far));
        let block = self.label_block(labels_at + 1);
        (self.shape, self.far) = (shape, far);
        let value_at = self.space(block?)?;
        let (value, mut at) = self.value(value_at)?;
        let mut timestamp_ms = None;
        if self.byte(at) == b' ' {
            let (stamp, end) = self.seconds(at + 1)?;
            (timestamp_ms, at) = (Some(stamp), end);
        }
        self.index.exemplars.push(ExemplarSpan { sample, labels_at: labels_at as u32, value, timestamp_ms });
        Ok(at)
    }

    fn space(&self, at: usize) -> Step<usize> {
        match self.byte(at) {
            b' ' => Ok(at + 1),
            _ => Err(Fault::new(at, Reason::Value { found: self.found(at) })),
        }
    }

    /// A timestamp in seconds, as milliseconds.
    #[allow(clippy::cast_precision_loss, reason = "the bound only has to be near the range of i64")]
    fn seconds(&self, at: usize) -> Step<(i64, usize)> {
        let end = self.token_end(at);
        let token = &self.text[at..end];
        match number::token(token) {
            Ok(seconds) if seconds.is_finite() && (seconds * 1000.0).abs() < i64::MAX as f64 => {
                Ok(((seconds * 1000.0) as i64, end))
            }
            _ => Err(Fault::new(at, Reason::TimestampSeconds(shortened(token)))),
        }
    }
}
