//! Writing a page: canonical text and its index in one go, so that our own pages are never parsed.
#![allow(
    clippy::cast_possible_truncation,
    reason = "whatever ends beyond the 4 GiB of the index is taken back"
)]

use std::sync::Arc;

use bytestring::ByteString;

use crate::encode;
use crate::error::TooLarge;
use crate::kind::Kind;
use crate::labels;
use crate::page::{Exemplar, ExemplarSpan, FamilySpan, Index, Page, SampleSpan, Span};

/// Builds a page family by family.
///
/// ```
/// use exposition::{Kind, PageBuilder};
///
/// let mut page = PageBuilder::new();
/// page.family("node_load1", "1m load average.", Kind::Gauge);
/// page.sample("node_load1", &[("host", "a")], 0.5);
/// assert!(page.finish().text().ends_with("node_load1{host=\"a\"} 0.5\n"));
/// ```
#[derive(Debug, Default)]
pub struct PageBuilder {
    text: Vec<u8>,
    index: Index,
    line: Line,
    /// Labels of exemplars, which are not in the text.
    aside: String,
    /// Bytes that the text may have, where that is less than the index can address.
    most: Option<usize>,
    full: bool,
}

/// The line that is being written.
#[derive(Debug, Default)]
struct Line {
    start: u32,
    name_len: u32,
    labels: bool,
}

impl PageBuilder {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, but for pages of at most so many bytes: [`PageBuilder::try_finish`] refuses longer ones.
    #[must_use]
    pub fn within(most: usize) -> Self {
        Self { most: Some(most), ..Self::default() }
    }

    /// Room for a rewritten page, so that its text is not moved as it grows.
    pub(crate) fn with_capacity(page: &Page, how: &crate::Rewrite<'_>, most: usize) -> Self {
        let added: usize = how.labels.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let samples = page.sample_count();
        let bytes = page.text().len().saturating_add(samples.saturating_mul(added)).min(most);
        let mut builder = Self { text: Vec::with_capacity(bytes), ..Self::within(most) };
        builder.index.samples.reserve_exact(samples);
        builder
    }

    /// Begins a family. Its samples follow; a name is to be begun only once.
    ///
    /// An empty help text writes no HELP line. Families that stay without samples vanish.
    pub fn family(&mut self, name: &str, help: &str, kind: Kind) {
        self.drop_empty_family();
        let before = self.text.len();
        let mut family = FamilySpan { kind, typed: true, ..FamilySpan::default() };
        if !help.is_empty() {
            self.text.extend_from_slice(b"# HELP ");
            self.text.extend_from_slice(name.as_bytes());
            self.text.push(b' ');
            family.help = self.span_of(|text| labels::escape(help, false, text));
            self.text.push(b'\n');
        }
        self.text.extend_from_slice(b"# TYPE ");
        family.name = self.span_of(|text| text.extend_from_slice(name.as_bytes()));
        self.text.push(b' ');
        self.text.extend_from_slice(kind.as_str().as_bytes());
        self.text.push(b'\n');
        if self.fits(before) {
            let at = self.index.samples.len() as u32;
            family.samples = Span { start: at, end: at };
            self.index.families.push(family);
        }
    }

    /// The unit of the family begun last, which its name ends with, but for `_total` and `_info`: nothing of it
    /// is in the text.
    pub(crate) fn unit(&mut self, unit: &str) {
        let Some(last) = self.index.families.last().filter(|_| !self.full && !unit.is_empty()) else {
            return;
        };
        let Some(name) = self.text.get(last.name.start as usize..last.name.end as usize) else { return };
        let stem = name.strip_suffix(b"_total").or_else(|| name.strip_suffix(b"_info")).unwrap_or(name);
        if stem.strip_suffix(unit.as_bytes()).is_some_and(|before| before.ends_with(b"_")) {
            let end = last.name.start + stem.len() as u32;
            self.index.units.push((last.name, Span { start: end - unit.len() as u32, end }));
        }
    }

    /// Adds a sample to the family begun last.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.begin(name);
        for (name, value) in labels {
            self.label(name, value);
        }
        self.end(value, None, None);
    }

    /// The finished page, for pages that cannot be too large.
    ///
    /// # Panics
    ///
    /// Beyond 4 GiB, or what [`PageBuilder::within`] said.
    pub fn finish(self) -> Page {
        self.try_finish().expect("whoever cannot know the size of a page asks for an error")
    }

    /// The finished page, or how long it may have been.
    pub fn try_finish(mut self) -> Result<Page, TooLarge> {
        if self.full {
            return Err(TooLarge { limit: self.limit() });
        }
        self.drop_empty_family();
        self.index.verbatim = true;
        // Only `str`s and ASCII were written.
        let text = String::from_utf8(self.text).unwrap_or_default();
        self.index.aside = ByteString::from(self.aside);
        Ok(Page { text: ByteString::from(text), index: Arc::new(self.index) })
    }

    fn limit(&self) -> usize {
        self.most.unwrap_or(usize::MAX).min(u32::MAX as usize)
    }

    /// Whether what was written since `before` may stay; once it may not, nothing more is kept.
    fn fits(&mut self, before: usize) -> bool {
        self.full |= self.text.len() > self.limit();
        if self.full {
            self.text.truncate(before);
        }
        !self.full
    }

    pub(crate) fn begin(&mut self, name: &str) {
        if self.index.families.is_empty() {
            self.family(name, "", Kind::Untyped);
        }
        self.line = Line { start: self.text.len() as u32, name_len: name.len() as u32, labels: false };
        self.text.extend_from_slice(name.as_bytes());
    }

    pub(crate) fn label(&mut self, name: &str, value: &str) {
        self.open_label(name);
        labels::escape(value, true, &mut self.text);
        self.text.push(b'"');
    }

    /// A label whose value has its escapes already.
    pub(crate) fn raw_label(&mut self, name: &str, value: &str) {
        self.open_label(name);
        self.text.extend_from_slice(value.as_bytes());
        self.text.push(b'"');
    }

    fn open_label(&mut self, name: &str) {
        self.text.push(if self.line.labels { b',' } else { b'{' });
        self.line.labels = true;
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"=\"");
    }

    /// Ends the line with a value, as `raw` spells it where given.
    pub(crate) fn end(&mut self, value: f64, raw: Option<&str>, timestamp_ms: Option<i64>) {
        if self.line.labels {
            self.text.push(b'}');
        }
        self.text.push(b' ');
        let value_at = self.text.len() as u32;
        match raw {
            Some(raw) => self.text.extend_from_slice(raw.as_bytes()),
            None => encode::float(value, &mut self.text),
        }
        if let Some(stamp) = timestamp_ms {
            self.text.push(b' ');
            self.text.extend_from_slice(stamp.to_string().as_bytes());
        }
        let Line { start, name_len, .. } = self.line;
        let end = self.text.len() as u32;
        self.text.push(b'\n');
        if !self.fits(start as usize) {
            return;
        }
        self.index.timestamps.extend(timestamp_ms.map(|stamp| (self.index.samples.len() as u32, stamp)));
        self.index.samples.push(SampleSpan { start, name_len, value_at, end, value });
        if let Some(family) = self.index.families.last_mut() {
            family.samples.end = self.index.samples.len() as u32;
        }
    }

    /// What the line that was ended last has beside its text: when it began to count, and its exemplar.
    pub(crate) fn beside(&mut self, created_ms: Option<i64>, exemplar: Option<Exemplar<'_>>) {
        let Some(sample) = (self.index.samples.len() as u32).checked_sub(1).filter(|_| !self.full) else {
            return;
        };
        self.index.begun.extend(created_ms.map(|at| (sample, at)));
        let Some(Exemplar { labels, value, timestamp_ms }) = exemplar else { return };
        let Ok(labels_at) = u32::try_from(self.aside.len()) else { return };
        labels.block(&mut self.aside);
        self.index.exemplars.push(ExemplarSpan { sample, labels_at, value, timestamp_ms });
    }

    fn span_of(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Span {
        let start = self.text.len() as u32;
        write(&mut self.text);
        Span { start, end: self.text.len() as u32 }
    }

    fn drop_empty_family(&mut self) {
        let Some(last) = self.index.families.last() else { return };
        if last.samples.start == last.samples.end {
            let line = if last.described() { last.help } else { last.name };
            // Back to the start of its first line: HELP where it has one, TYPE otherwise.
            let before = &self.text[..line.start as usize];
            let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            self.text.truncate(start);
            let name = last.name;
            self.index.units.pop_if(|(of, _)| *of == name);
            self.index.families.pop();
        }
    }
}
