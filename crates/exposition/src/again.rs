//! A page rewritten like the one before it, which most pages are but for their values.
//!
//! Labels are not read: where a line of the new page is what the line at its place was made of, the old line is
//! the new one up to its value. Who wins over a label that clashes, and how names are spelt, was settled then.
#![allow(clippy::cast_possible_truncation, reason = "the lengths are compared with `u32::MAX` first")]

use std::sync::Arc;

use bytestring::ByteString;

use crate::ending;
use crate::page::{FamilySpan, Index, Page, SampleSpan};
use crate::rewrite::Rewrite;

impl Page {
    /// What [`Page::rewrite`] makes of this page, found by `before`, which it made in the same way of an earlier one.
    /// None where the pages differ in more than values, or have more than the text shows: then it has to be rewritten.
    #[must_use]
    pub fn rewrite_like(&self, how: &Rewrite<'_>, before: &Page) -> Option<Page> {
        let longest = self.text.len().saturating_add(before.text.len());
        if !how.drop.is_empty() || how.labels.is_empty() || longest > u32::MAX as usize {
            return None;
        }
        if !self.index.verbatim || !self.index.is_plain() || !before.index.is_plain() {
            return None;
        }
        let (families, samples) = (before.index.families.len(), before.index.samples.len());
        if samples != self.sample_count() || families != self.families().count() {
            return None;
        }
        let ending = ending::of(how.labels);
        let mut again = Again {
            old: &before.text,
            out: Vec::with_capacity(before.text.len() + before.text.len() / 64),
            done: 0,
            families: Vec::with_capacity(families),
            samples: Vec::with_capacity(samples),
        };
        for (new, old) in self.families().zip(&before.index.families) {
            let is_same = new.name() == old.name.of(&before.text)
                && new.kind() == old.kind
                && new.help_raw() == old.described().then(|| old.help.of(&before.text))
                && new.span.samples == old.samples;
            if !is_same {
                return None;
            }
            let run = &before.index.samples[old.samples.start as usize..old.samples.end as usize];
            again.head(old, run.first()?)?;
            for (sample, span) in new.samples().zip(run) {
                let name = sample.span().name_len as usize;
                if !is_made_of(before.series_bytes(span), sample.series_text().as_bytes(), name, &ending) {
                    return None;
                }
                again.line(span, sample.value(), sample.value_text());
            }
        }
        let text = ByteString::from(String::from_utf8(again.out).ok()?);
        let (families, samples) = (again.families, again.samples);
        Some(Page { text, index: Arc::new(Index { families, samples, verbatim: true, ..Index::default() }) })
    }

    fn series_bytes(&self, span: &SampleSpan) -> &[u8] {
        &self.text.as_bytes()[span.start as usize..span.value_at as usize]
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

/// Whether `old` is `new`, whose name has so many bytes, with the labels behind its own. As no series has a label
/// twice, `new` has none of them then.
fn is_made_of(old: &[u8], new: &[u8], name: usize, ending: &[u8]) -> bool {
    if name == 0 || new.len() <= name {
        return false;
    }
    if let Some(own) = new.strip_suffix(b"} ") {
        old.strip_prefix(own) == Some(ending)
    } else {
        new[name..] == *b" "
            && old.strip_prefix(&new[..name]).and_then(|rest| rest.strip_prefix(b"{")) == Some(&ending[1..])
    }
}

/// The new page as it grows.
struct Again<'a> {
    old: &'a str,
    out: Vec<u8>,
    /// How much of the old text is done.
    done: usize,
    families: Vec<FamilySpan>,
    samples: Vec<SampleSpan>,
}

impl Again<'_> {
    /// The lines before a family's samples, as they were.
    fn head(&mut self, family: &FamilySpan, first: &SampleSpan) -> Option<()> {
        let (from, to) = (self.done, first.start as usize);
        let starts = if family.described() { family.help.start } else { family.name.start };
        if (starts as usize) < from || (family.name.end as usize) > to {
            return None;
        }
        let moved = |at: u32| (at as usize - from + self.out.len()) as u32;
        self.families.push(family.moved(moved));
        self.out.extend_from_slice(&self.old.as_bytes()[from..to]);
        self.done = to;
        Some(())
    }

    fn line(&mut self, old: &SampleSpan, value: f64, raw: &str) {
        let start = self.out.len() as u32;
        self.out.extend_from_slice(&self.old.as_bytes()[old.start as usize..old.value_at as usize]);
        let value_at = self.out.len() as u32;
        self.out.extend_from_slice(raw.as_bytes());
        let end = self.out.len() as u32;
        self.out.push(b'\n');
        self.done = old.end as usize + 1;
        self.samples.push(SampleSpan { start, value_at, end, value, ..*old });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clash, Limits};

    const KEY: [(&str, &str); 2] = [("job", "a \"b\""), ("instance", "i")];

    fn parsed(text: &str) -> Page {
        Page::parse(text.to_owned(), &Limits::NONE).unwrap()
    }

    /// Pages that differ in values, and in anything else.
    const PAGES: [&str; 22] = [
        "a 1\n",
        "a 2.50 \n",
        "a{} 1\n",
        "a{x=\"1\"} 1\n",
        "a{x=\"1\",} 2\n",
        "a{ x=\"1\" } 2\n",
        "a{x=\"1\"}  3\n",
        "a{job=\"x\"} 1\n",
        "a{exported_job=\"x\"} 1\n",
        "a{instance=\"i\"} 1\n",
        "a{job=\"\"} 1\n",
        "a{x=\"1\"} 1 5\n",
        "# TYPE a counter\na{x=\"1\"} 7\n",
        "# TYPE a gauge\na{x=\"1\"} 7\n",
        "# HELP a text\n# TYPE a gauge\na{x=\"1\"} NaN\n",
        "# HELP a text\n# TYPE a gauge\na{x=\"1\"} +Inf\n",
        "# HELP a \n# TYPE a gauge\na{x=\"1\"} 7\n",
        "# HELP a other\\\\ \\n text\n# TYPE a gauge\na{x=\"1\"} 7\n",
        "a{x=\"1\"} 1\nb{y=\",job=\\\"a\\\"} \"} 2\na{x=\"2\"} 3\n",
        "a{x=\"1\"} 1\na{x=\"2\"} 3\nb{y=\",job=\\\"a\\\"} \"} 20000\n",
        "{\"a.b\"} 1\na_b 2\n",
        "a_b 2\n{\"a.b\",\"c.d\"=\"1\"} 1\n",
    ];

    #[test]
    fn what_is_found_by_the_page_before_is_what_rewriting_makes() {
        let mut found = 0;
        for clash in [Clash::Overwrite, Clash::Keep, Clash::Export] {
            let how = Rewrite { labels: &KEY, clash, keep_timestamps: true, ..Rewrite::default() };
            for (before, page) in PAGES.iter().flat_map(|one| PAGES.iter().map(move |other| (one, other))) {
                let Some(again) = parsed(page).rewrite_like(&how, &parsed(before).rewrite(&how)) else {
                    continue;
                };
                let whole = parsed(page).rewrite(&how);
                assert_eq!(again.text(), whole.text(), "{page} like {before}");
                assert_eq!(
                    format!("{:?}", again.index),
                    format!("{:?}", whole.index),
                    "{page} like {before}"
                );
                found += 1;
            }
        }
        // Each of a few like itself and its like, three times; the others never.
        assert!(found >= 30, "{found}");
    }

    #[test]
    fn a_page_of_another_time_is_found_though_values_grow() {
        let how = Rewrite { labels: &KEY, ..Rewrite::default() };
        let page = |value: &str| {
            parsed(&format!(
                "# HELP h text\n# TYPE h histogram\nh_bucket{{le=\"+Inf\"}} {value}\nh_sum {value}\nh_count {value}\n# TYPE g gauge\ng {value}\n"
            ))
        };
        let mut before = page("9").rewrite(&how);
        for value in ["10", "1e300", "7"] {
            before = page(value).rewrite_like(&how, &before).unwrap();
            assert_eq!(before.text(), page(value).rewrite(&how).text());
        }
    }
}
