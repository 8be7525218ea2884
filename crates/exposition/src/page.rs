//! A page: its text as it came, and an index of where things stand in it.
//!
//! Labels are not in the index: a validated label block is walked again when it is asked for.
//! That keeps a sample at 24 bytes and lets parsing write nothing per label.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use bytestring::ByteString;

use crate::kind::Kind;
use crate::labels::{self, Labels};

/// A parsed exposition page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub(crate) text: ByteString,
    /// Shared by all clones: it is a fourth of what a page takes.
    pub(crate) index: Arc<Index>,
}

/// Where things stand in the text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    pub(crate) families: Vec<FamilySpan>,
    pub(crate) samples: Vec<SampleSpan>,
    /// Explicit timestamps by sample, ascending: most pages have none.
    pub(crate) timestamps: Vec<(u32, i64)>,
    pub(crate) exemplars: Vec<ExemplarSpan>,
    /// What exemplars of a page of our own are called; those of a parsed one stand in its text.
    pub(crate) aside: ByteString,
    /// When samples of a page of our own began, in milliseconds since 1970, ascending by sample.
    pub(crate) begun: Vec<(u32, i64)>,
    /// OpenMetrics `_created` lines, apart from the samples, with their family.
    pub(crate) created: Vec<(u32, SampleSpan)>,
    /// Units of OpenMetrics families by the place of the family's name.
    pub(crate) units: Vec<(Span, Span)>,
    pub(crate) openmetrics: bool,
    /// The text can be handed on as it is: every reader of text 0.0.4 takes it.
    pub(crate) verbatim: bool,
}

/// A stretch of the text, by byte offsets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }

    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FamilySpan {
    pub(crate) name: Span,
    /// Empty at 0 where there is no HELP line: no text can stand there.
    pub(crate) help: Span,
    pub(crate) kind: Kind,
    /// A TYPE line said so.
    pub(crate) typed: bool,
    pub(crate) samples: Span,
}

impl FamilySpan {
    /// Whether there is a HELP line, be it without text.
    pub(crate) fn described(&self) -> bool {
        self.help.end > 0
    }

    /// The same where its own lines stand elsewhere; there is nothing to move of a HELP line that is not there.
    pub(crate) fn moved(&self, moved: impl Fn(u32) -> u32) -> Self {
        let moved = |span: Span| Span { start: moved(span.start), end: moved(span.end) };
        let help = if self.described() { moved(self.help) } else { self.help };
        Self { name: moved(self.name), help, ..*self }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SampleSpan {
    /// Start of the name; of the `{` where the name is quoted inside the braces.
    pub(crate) start: u32,
    /// 0 marks a quoted name.
    pub(crate) name_len: u32,
    pub(crate) value_at: u32,
    /// End of the line, without its line break.
    pub(crate) end: u32,
    pub(crate) value: f64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ExemplarSpan {
    pub(crate) sample: u32,
    pub(crate) labels_at: u32,
    pub(crate) value: f64,
    pub(crate) timestamp_ms: Option<i64>,
}

impl Page {
    /// A page without samples.
    pub fn empty() -> Self {
        Self { text: ByteString::new(), index: Arc::new(Index { verbatim: true, ..Index::default() }) }
    }

    /// The text of the page, as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many samples (lines with a value) the page has.
    pub fn sample_count(&self) -> usize {
        self.index.samples.len()
    }

    /// Bytes of memory that the index takes, apart from the text.
    pub fn index_bytes(&self) -> usize {
        let index = self.index.as_ref();
        size_of_val(index.families.as_slice())
            + size_of_val(index.samples.as_slice())
            + size_of_val(index.timestamps.as_slice())
            + size_of_val(index.exemplars.as_slice())
            + size_of_val(index.begun.as_slice())
            + index.aside.len()
            + size_of_val(index.created.as_slice())
            + size_of_val(index.units.as_slice())
    }

    /// The families in the order of the text.
    ///
    /// A family whose samples stand between those of others appears once for each run;
    /// [`crate::merge`] joins them.
    pub fn families(&self) -> impl DoubleEndedIterator<Item = Family<'_>> {
        let sampled = |span: &&FamilySpan| span.samples.start < span.samples.end;
        self.index.families.iter().filter(sampled).map(|span| Family { page: self, span })
    }

    /// The same, each with the places of its samples.
    pub(crate) fn families_with_places(&self) -> impl Iterator<Item = (Family<'_>, Range<usize>)> {
        self.families().map(|family| (family, family.places()))
    }

    /// All samples in the order of the text.
    pub fn samples(&self) -> Samples<'_> {
        Samples { page: self, at: 0, end: self.index.samples.len() }
    }

    /// The sample at this place in the order of the text, counted from 0.
    pub fn sample(&self, at: usize) -> Option<Sample<'_>> {
        (at < self.sample_count()).then_some(Sample { page: self, at })
    }

    /// The OpenMetrics `_created` values, which are no samples: when each series began, in Unix seconds.
    pub fn created(&self) -> impl Iterator<Item = Created<'_>> {
        self.index.created.iter().map(|(family, span)| {
            let family = Family { page: self, span: &self.index.families[*family as usize] };
            let labels = Labels::after(&self.text, (span.start + span.name_len) as usize);
            Created { family, labels, seconds: span.value }
        })
    }
}

/// A run of samples under one name, help and type.
#[derive(Debug, Clone, Copy)]
pub struct Family<'a> {
    pub(crate) page: &'a Page,
    pub(crate) span: &'a FamilySpan,
}

impl<'a> Family<'a> {
    /// The family's name: for a histogram, that of its samples without `_bucket`, `_sum`, `_count`.
    pub fn name(&self) -> &'a str {
        self.span.name.of(&self.page.text)
    }

    /// The help text with its escapes undone.
    pub fn help(&self) -> Option<Cow<'a, str>> {
        let quotes = self.page.index.openmetrics;
        self.help_raw().map(|raw| labels::unescape(raw, quotes))
    }

    /// The help text as written.
    pub(crate) fn help_raw(&self) -> Option<&'a str> {
        self.span.described().then(|| self.span.help.of(&self.page.text))
    }

    /// The unit of an OpenMetrics family.
    pub fn unit(&self) -> Option<&'a str> {
        let units = &self.page.index.units;
        let (_, unit) = units.iter().find(|(name, _)| *name == self.span.name)?;
        Some(unit.of(&self.page.text))
    }

    /// The family's type; [`Kind::Untyped`] where none was given.
    pub fn kind(&self) -> Kind {
        self.span.kind
    }

    /// The places of its samples in the order of the text.
    fn places(&self) -> Range<usize> {
        self.span.samples.start as usize..self.span.samples.end as usize
    }

    /// The samples of this run.
    pub fn samples(&self) -> Samples<'a> {
        let Range { start, end } = self.places();
        // A form knows of samples that it does not have.
        let end = end.min(self.page.sample_count());
        Samples { page: self.page, at: start.min(end), end }
    }
}

/// One line of a page: a series with its value.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    pub(crate) page: &'a Page,
    pub(crate) at: usize,
}

impl<'a> Sample<'a> {
    pub(crate) fn span(&self) -> &'a SampleSpan {
        &self.page.index.samples[self.at]
    }

    fn after_name(&self) -> usize {
        (self.span().start + self.span().name_len) as usize
    }

    /// The sample's name, with suffixes such as `_bucket`.
    pub fn name(&self) -> &'a str {
        if self.span().name_len == 0 {
            return labels::quoted_name(&self.page.text, self.after_name());
        }
        &self.page.text[self.span().start as usize..self.after_name()]
    }

    /// Whether its name is longer than that of its family, by a suffix such as `_bucket`.
    pub fn is_suffixed(&self, family: &Family<'_>) -> bool {
        let of_family = family.span.name.end - family.span.name.start;
        if self.span().name_len == 0 {
            self.name().len() > of_family as usize
        } else {
            self.span().name_len > of_family
        }
    }

    /// The labels in the order of the text.
    pub fn labels(&self) -> Labels<'a> {
        Labels::after(&self.page.text, self.after_name())
    }

    /// The name and labels as written, in one piece.
    pub fn series_text(&self) -> &'a str {
        &self.page.text[self.span().start as usize..self.span().value_at as usize]
    }

    /// The value of one label.
    pub fn label(&self, name: &str) -> Option<Cow<'a, str>> {
        self.labels().find(|label| label.name == name).map(|label| label.value)
    }

    /// The value. Every `NaN` of the text is the ordinary one, never a staleness marker.
    pub fn value(&self) -> f64 {
        self.span().value
    }

    /// The value as written.
    pub fn value_text(&self) -> &'a str {
        let rest = &self.page.text[self.span().value_at as usize..self.span().end as usize];
        rest.find([' ', '\t', '\n']).map_or(rest, |end| &rest[..end])
    }

    /// The explicit timestamp, in milliseconds since 1970 UTC.
    pub fn timestamp_ms(&self) -> Option<i64> {
        let stamps = &self.page.index.timestamps;
        let found = stamps.binary_search_by_key(&self.at, |(sample, _)| *sample as usize);
        found.ok().map(|position| stamps[position].1)
    }

    /// The exemplar of an OpenMetrics sample.
    pub fn exemplar(&self) -> Option<Exemplar<'a>> {
        let exemplars = &self.page.index.exemplars;
        let found = exemplars.binary_search_by_key(&self.at, |span| span.sample as usize).ok()?;
        let ExemplarSpan { labels_at, value, timestamp_ms, .. } = exemplars[found];
        let aside = &self.page.index.aside;
        let text = if aside.is_empty() { &self.page.text } else { aside };
        let labels = Labels::after(text, labels_at as usize);
        Some(Exemplar { labels, value, timestamp_ms })
    }

    /// When the sample began to count, in milliseconds since 1970 UTC, on a page that [`Page::rewrite`] made
    /// of one with `_created` lines.
    pub fn created_ms(&self) -> Option<i64> {
        let begun = &self.page.index.begun;
        let found = begun.binary_search_by_key(&self.at, |(sample, _)| *sample as usize);
        found.ok().map(|position| begun[position].1)
    }

    /// The whole line, without its line break.
    pub fn line(&self) -> &'a str {
        &self.page.text[self.span().start as usize..self.span().end as usize]
    }
}

/// An exemplar: one observation that stands for its bucket, with labels such as a trace id.
#[derive(Debug, Clone)]
pub struct Exemplar<'a> {
    /// Its own labels.
    pub labels: Labels<'a>,
    /// The observed value.
    pub value: f64,
    /// When it was observed, in milliseconds since 1970 UTC.
    pub timestamp_ms: Option<i64>,
}

/// An OpenMetrics `_created` line.
#[derive(Debug, Clone)]
pub struct Created<'a> {
    /// The family that it belongs to.
    pub family: Family<'a>,
    /// The labels of the series that began.
    pub labels: Labels<'a>,
    /// When it began, in Unix seconds.
    pub seconds: f64,
}

/// Samples in the order of the text.
#[derive(Debug, Clone)]
pub struct Samples<'a> {
    page: &'a Page,
    at: usize,
    end: usize,
}

impl<'a> Iterator for Samples<'a> {
    type Item = Sample<'a>;

    fn next(&mut self) -> Option<Sample<'a>> {
        let at = self.at;
        (at < self.end).then(|| {
            self.at += 1;
            Sample { page: self.page, at }
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.end - self.at, Some(self.end - self.at))
    }
}

impl ExactSizeIterator for Samples<'_> {}
