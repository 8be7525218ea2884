//! Pages as they were written here, with the same labels at the end of every sample: quick ways to look at them.
#![allow(clippy::cast_possible_truncation, reason = "a text that becomes shorter stays within the index")]

use std::sync::Arc;

use bytestring::ByteString;

use crate::labels;
use crate::page::{Index, Page, SampleSpan};

impl Page {
    /// Whether both pages have the same series in the same order, spelt alike: the usual case of two readings
    /// of one target, told without looking at a single label.
    pub fn same_series(&self, other: &Page) -> bool {
        self.sample_count() == other.sample_count()
            && self
                .samples()
                .zip(other.samples())
                .all(|(ours, theirs)| ours.series_text() == theirs.series_text())
    }

    /// Whether any sample has an explicit timestamp.
    pub fn has_timestamps(&self) -> bool {
        !self.index.timestamps.is_empty()
    }

    /// This page without the labels that [`Page::rewrite`] put on; none unless every sample ends with just
    /// these, in this order, and has no timestamp.
    #[must_use]
    pub fn without_ending(&self, labels: &[(&str, &str)]) -> Option<Page> {
        if !self.index.verbatim || self.has_timestamps() || labels.is_empty() {
            return None;
        }
        let ending = of(labels);
        let text = self.text.as_bytes();
        let mut shorter = Shorter { out: Vec::with_capacity(text.len()), done: 0 };
        let mut samples = Vec::with_capacity(self.sample_count());
        let mut families = Vec::with_capacity(self.index.families.len());
        for family in &self.index.families {
            let run = &self.index.samples[family.samples.start as usize..family.samples.end as usize];
            let first = run.first()?;
            // Its lines stand before its samples, where this page was written here.
            if !family.typed || (family.name.start as usize) < shorter.done || family.name.end > first.start {
                return None;
            }
            families.push(family.moved(|at| shorter.moved(at)));
            for span in run {
                samples.push(shorter.take(text, span, &ending)?);
            }
        }
        shorter.out.extend_from_slice(&text[shorter.done..]);
        let text = ByteString::from(String::from_utf8(shorter.out).ok()?);
        let index = Index { families, samples, verbatim: true, ..Index::default() };
        Some(Page { text, index: Arc::new(index) })
    }
}

/// What the labels look like at the end of a series that has others.
pub(crate) fn of(labels: &[(&str, &str)]) -> Vec<u8> {
    let mut ending = Vec::new();
    for (name, value) in labels {
        ending.push(b',');
        ending.extend_from_slice(name.as_bytes());
        ending.extend_from_slice(b"=\"");
        labels::escape(value, true, &mut ending);
        ending.push(b'"');
    }
    ending.extend_from_slice(b"} ");
    ending
}

/// A text as it becomes shorter.
struct Shorter {
    out: Vec<u8>,
    /// How much of the text is copied.
    done: usize,
}

impl Shorter {
    /// Where something goes that stands between what is copied and the next sample.
    fn moved(&self, at: u32) -> u32 {
        // A text only becomes shorter, so what fitted still fits.
        at - (self.done - self.out.len()) as u32
    }

    fn take(&mut self, text: &[u8], span: &SampleSpan, ending: &[u8]) -> Option<SampleSpan> {
        let (start, end) = (span.start as usize, span.value_at as usize);
        let block = start + span.name_len as usize;
        if span.name_len == 0 || start < self.done {
            return None;
        }
        self.out.extend_from_slice(&text[self.done..start]);
        let moved = self.out.len() as u32;
        // A quote inside of a value is escaped, so this is nothing but these labels.
        if text[block..end].ends_with(ending) {
            self.out.extend_from_slice(&text[start..end - ending.len()]);
            self.out.extend_from_slice(b"} ");
        } else if text[block..end].strip_prefix(b"{") == Some(&ending[1..]) {
            self.out.extend_from_slice(&text[start..block]);
            self.out.push(b' ');
        } else {
            return None;
        }
        let value_at = self.out.len() as u32;
        self.out.extend_from_slice(&text[end..span.end as usize]);
        self.done = span.end as usize;
        Some(SampleSpan { start: moved, value_at, end: self.out.len() as u32, ..*span })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clash, Limits, Rewrite, merge};

    const KEY: [(&str, &str); 2] = [("job", "a \"b\""), ("instance", "")];

    fn parsed(text: &str) -> Page {
        Page::parse(text.to_owned(), &Limits::NONE).unwrap()
    }

    fn labelled(text: &str, clash: Clash) -> Page {
        parsed(text).rewrite(&Rewrite { labels: &KEY, clash, ..Rewrite::default() })
    }

    const PAGE: &str = "# HELP a Some text.\n# TYPE a counter\na 1\na{x=\"1\"} 2.50\n\
        # TYPE b gauge\nb{v=\",job=\\\"a\\\"} \"} NaN\nb{v=\"}\"} 1\n";

    #[test]
    fn labels_that_were_put_on_go_again() {
        let shorter = labelled(PAGE, Clash::Export).without_ending(&KEY).unwrap();
        assert_eq!(shorter.text(), PAGE);
        let (mut written, mut whole) = (Vec::new(), Vec::new());
        merge::text([&shorter], &mut written);
        merge::text([&parsed(PAGE)], &mut whole);
        assert_eq!(written, whole, "the index moved with the text");
        let values: Vec<_> = shorter.samples().map(|sample| (sample.name(), sample.value_text())).collect();
        assert_eq!(values, [("a", "1"), ("a", "2.50"), ("b", "NaN"), ("b", "1")]);
        assert_eq!(shorter.families().next().unwrap().help().unwrap(), "Some text.");
    }

    #[test]
    fn a_page_with_other_labels_is_left_to_others() {
        assert!(labelled("a 1\na{job=\"x\"} 2\n", Clash::Keep).without_ending(&KEY).is_none());
        assert!(labelled("a 1\n", Clash::Keep).without_ending(&KEY[..1]).is_none());
        assert!(parsed(PAGE).without_ending(&KEY).is_none());
        assert!(labelled(PAGE, Clash::Export).without_ending(&[]).is_none());
        let stamped =
            parsed("a 1 5\n").rewrite(&Rewrite { labels: &KEY, keep_timestamps: true, ..Rewrite::default() });
        assert!(stamped.without_ending(&KEY).is_none());
    }

    #[test]
    fn pages_with_the_same_series_are_told_by_their_spelling() {
        let page = parsed("a 1\nb{x=\"1\"} 2\n");
        assert!(page.same_series(&parsed("a 3\n# HELP b text\nb{x=\"1\"} 4\n")));
        for other in ["a 1\n", "a 1\nb{x=\"2\"} 2\n", "b{x=\"1\"} 2\na 1\n"] {
            assert!(!page.same_series(&parsed(other)), "{other}");
        }
    }
}
