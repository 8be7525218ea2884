//! How the pages of one target stand, but for their values: mostly the next page is the one before with others.
//!
//! Neither names nor labels are read then: where the next line begins with the series that stood at its place, it is
//! that series. Who wins over a label that clashes, and how names are spelt, was settled then.
#![allow(clippy::cast_possible_truncation, reason = "the lengths are compared with `u32::MAX` first")]

use std::sync::Arc;

use bytestring::ByteString;

use crate::encode;
use crate::ending;
use crate::filled::Filled;
use crate::front::{self, Step};
use crate::page::{FamilySpan, Index, Page};
use crate::parse::value_at;
use crate::rewrite::Rewrite;

/// A page without its values.
#[derive(Debug)]
pub struct Form {
    /// The lines before the samples of each family, as they were made, and which samples are whose.
    heads: Page,
    /// Where those of each family end.
    ends: Vec<u32>,
    /// By family: those lines as the target spells them, where that is otherwise.
    odd: Vec<(usize, Box<[u8]>)>,
    /// What follows the last sample.
    tail: Box<[u8]>,
    /// The series as the target spells them, each by the one before in its family.
    pub(crate) series: Box<[u8]>,
    /// The labels that were put on, as they stand behind others.
    pub(crate) ending: Box<[u8]>,
    samples: usize,
    /// Bytes of the target's text beside values and their line breaks.
    fixed: usize,
    /// Bytes of all series.
    whole: usize,
    /// Bytes that the labels add.
    added: usize,
}

impl Form {
    /// Compares a page with what [`Page::rewrite`] made of it. None where they differ in more than the labels that
    /// were put on, or have more than the text shows: the next one has to be read as a whole.
    pub fn of(page: &Page, made: &Page, how: &Rewrite<'_>) -> Option<Self> {
        if !how.drop.is_empty() || how.labels.is_empty() || !page.index.verbatim {
            return None;
        }
        let families = page.families().count();
        if !page.index.is_plain() || !made.index.is_plain() || families != made.index.families.len() {
            return None;
        }
        let mut making = Making { ending: ending::of(how.labels), ..Making::default() };
        let (mut from, mut from_made) = (0, 0);
        for (family, own) in page.families().zip(&made.index.families) {
            let run = &made.index.samples[own.samples.start as usize..own.samples.end as usize];
            let (first, first_made) = (family.samples().next()?.span().start, run.first()?.start);
            let heads =
                (page.text.get(from..first as usize)?, made.text.get(from_made..first_made as usize)?);
            making.family(own, from_made, heads)?;
            if family.span.samples != own.samples {
                return None;
            }
            let mut before: &[u8] = &[];
            for (sample, span) in family.samples().zip(run) {
                let series = sample.series_text().as_bytes();
                let series_made = &made.text.as_bytes()[span.start as usize..span.value_at as usize];
                making.series(before, series, sample.span().name_len as usize, series_made)?;
                before = series;
                (from, from_made) = (sample.span().end as usize + 1, span.end as usize + 1);
            }
        }
        let tail = page.text.as_bytes().get(from..)?;
        (from_made == made.text.len()).then(|| making.done(tail, made.sample_count())).flatten()
    }

    /// What [`Page::rewrite`] makes in the same way of the page in this text. None where it differs from this form in
    /// more than values. No limit has to be looked at: what has one is as it was.
    pub fn read(self: &Arc<Self>, text: &[u8]) -> Option<Filled> {
        let spelt_len = text.len().checked_sub(self.fixed)?;
        if self.bytes(true).saturating_add(spelt_len) > u32::MAX as usize {
            return None;
        }
        let (mut values, mut spelt) = (Vec::with_capacity(self.samples), Vec::with_capacity(spelt_len));
        let (mut rest, mut odd, mut series) = (text, self.odd.iter().peekable(), &*self.series);
        for (at, (span, _, head)) in self.families().enumerate() {
            let head = odd.next_if(|(of, _)| *of == at).map_or(head, |(_, head)| head);
            rest = rest.strip_prefix(head)?;
            let mut before: &[u8] = &[];
            for _ in 0..span.samples.len() {
                before = Step::take(&mut series)?.find(rest, before)?;
                let line = &rest[before.len()..];
                let (value, len) = value_at(line)?;
                if line.get(len) != Some(&b'\n') {
                    return None;
                }
                values.push(value);
                spelt.extend_from_slice(&line[..=len]);
                rest = &line[len + 1..];
            }
        }
        (rest == &*self.tail).then(|| Filled::new(Arc::clone(self), values, spelt))
    }

    /// A page of this form with these values; none where they are more or fewer than it has samples.
    pub fn fill(self: &Arc<Self>, values: Vec<f64>) -> Option<Filled> {
        let mut spelt = Vec::with_capacity(8 * values.len());
        for value in &values {
            encode::float(*value, &mut spelt);
            spelt.push(b'\n');
        }
        let fits = u32::try_from(self.bytes(true).saturating_add(spelt.len())).is_ok();
        (fits && values.len() == self.samples).then(|| Filled::new(Arc::clone(self), values, spelt))
    }

    /// A page with its families, without a sample: what is said of them, and which samples are theirs.
    pub(crate) fn heads(&self) -> &Page {
        &self.heads
    }

    /// Bytes of a page of this form as text, beside those of its values.
    pub(crate) fn bytes(&self, labelled: bool) -> usize {
        self.heads.text.len() + self.whole + if labelled { self.added } else { 0 }
    }

    /// Of each family where its parts are in the heads, where its own begins, and that.
    pub(crate) fn families(&self) -> impl ExactSizeIterator<Item = (&FamilySpan, usize, &[u8])> {
        let mut start = 0;
        self.heads.index.families.iter().zip(&self.ends).map(move |(span, end)| {
            let (from, to) = (std::mem::replace(&mut start, *end as usize), *end as usize);
            (span, from, &self.heads.text.as_bytes()[from..to])
        })
    }
}

impl Index {
    /// All that there is stands in the text, with values alone behind the series.
    fn is_plain(&self) -> bool {
        !self.openmetrics
            && self.timestamps.is_empty()
            && self.exemplars.is_empty()
            && self.begun.is_empty()
            && self.created.is_empty()
            && self.units.is_empty()
    }
}

/// A form as it is made.
#[derive(Default)]
struct Making {
    ending: Vec<u8>,
    heads: String,
    families: Vec<FamilySpan>,
    ends: Vec<u32>,
    odd: Vec<(usize, Box<[u8]>)>,
    series: Vec<u8>,
    whole: usize,
    added: usize,
    /// Bytes of heads in the target's text.
    own_heads: usize,
}

impl Making {
    /// The lines before a family's samples: as they are read, and as they were made, where those begin at `from`.
    fn family(&mut self, span: &FamilySpan, from: usize, (head, made): (&str, &str)) -> Option<()> {
        let starts = if span.described() { span.help.start } else { span.name.start };
        if (starts as usize) < from || span.name.end as usize > from + made.len() {
            return None;
        }
        if head != made {
            self.odd.push((self.ends.len(), head.as_bytes().into()));
        }
        self.own_heads += head.len();
        let start = self.heads.len();
        self.families.push(span.moved(|at| (at as usize - from + start) as u32));
        self.heads.push_str(made);
        self.ends.push(self.heads.len() as u32);
        Some(())
    }

    /// A series, behind that before it in its family; `made`: with the labels on.
    fn series(&mut self, before: &[u8], series: &[u8], name: usize, made: &[u8]) -> Option<()> {
        if name == 0 || !is_made_of(made, series, name, &self.ending) {
            return None;
        }
        front::put(&mut self.series, before, series);
        self.whole += series.len();
        self.added += made.len() - series.len();
        Some(())
    }

    fn done(self, tail: &[u8], samples: usize) -> Option<Form> {
        if self.heads.len() > u32::MAX as usize {
            return None;
        }
        let (text, index) =
            (ByteString::from(self.heads), Index { families: self.families, ..Index::default() });
        Some(Form {
            heads: Page { text, index: Arc::new(index) },
            ends: self.ends,
            odd: self.odd,
            tail: tail.into(),
            series: self.series.into(),
            ending: self.ending.into(),
            samples,
            fixed: self.own_heads + self.whole + tail.len(),
            whole: self.whole,
            added: self.added,
        })
    }
}

/// Whether `made` is `own`, whose name has so many bytes, with the labels of `ending` behind its own. As no series has
/// a label twice, it has none of them itself.
fn is_made_of(made: &[u8], own: &[u8], name: usize, ending: &[u8]) -> bool {
    match own.strip_suffix(b"} ") {
        Some(own) => made.strip_suffix(ending) == Some(own),
        None => {
            own.get(name..) == Some(b" ")
                && made.strip_prefix(&own[..name]).and_then(|rest| rest.strip_prefix(b"{"))
                    == Some(&ending[1..])
        }
    }
}

#[cfg(test)]
mod tests;
