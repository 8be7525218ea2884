//! A page read by the one before it, which it mostly is but for its values, and rewritten in the same pass.
//!
//! Neither names nor labels are read: where the next line begins with what the line at its place was made of, it is
//! that line up to its value. Who wins over a label that clashes, and how names are spelt, was settled then.
#![allow(clippy::cast_possible_truncation, reason = "the lengths are compared with `u32::MAX` first")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytestring::ByteString;

use crate::ending;
use crate::page::{FamilySpan, Index, Page, SampleSpan};
use crate::parse::value_at;
use crate::rewrite::Rewrite;

/// The next shape.
static SHAPES: AtomicU64 = AtomicU64::new(1);

/// How a page stood in its text, as far as the page that was made of it does not say so: next to nothing, mostly.
#[derive(Debug, Clone)]
pub struct Likeness {
    /// Of all pages that are read by it.
    shape: u64,
    /// By family: the lines before its samples, where they were spelt otherwise than they are now.
    heads: Vec<(usize, Box<[u8]>)>,
    /// What followed the last sample.
    tail: Box<[u8]>,
}

impl Likeness {
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
        let ending = ending::of(how.labels);
        let (mut heads, mut from, mut from_made) = (Vec::new(), 0, 0);
        for (at, (family, own)) in page.families().zip(&made.index.families).enumerate() {
            if family.span.samples != own.samples {
                return None;
            }
            let run = &made.index.samples[own.samples.start as usize..own.samples.end as usize];
            let first = family.samples().next()?.span().start as usize;
            let (head, own) =
                (page.text.get(from..first)?, made.text.get(from_made..run.first()?.start as usize)?);
            if head != own {
                heads.push((at, head.as_bytes().into()));
            }
            for (sample, span) in family.samples().zip(run) {
                let (series, name) = (sample.series_text().as_bytes(), sample.span().name_len as usize);
                if name == 0 || !is_made_of(made.series_bytes(span), series, name, &ending) {
                    return None;
                }
                (from, from_made) = (sample.span().end as usize + 1, span.end as usize + 1);
            }
        }
        let tail = page.text.as_bytes().get(from..)?.into();
        (from_made == made.text.len()).then(|| Self {
            shape: SHAPES.fetch_add(1, Ordering::Relaxed),
            heads,
            tail,
        })
    }

    /// What [`Page::rewrite`] makes in the same way of the page in this text, found by `made`, which it made of one
    /// that was like it. None where they differ in more than values. No limit has to be looked at: what has one is
    /// as it was.
    pub fn read(&self, text: &[u8], made: &Page, how: &Rewrite<'_>) -> Option<Page> {
        // The longest is a text whose labels are all put on once more.
        let room = made.text.len().saturating_add(text.len());
        if room > u32::MAX as usize {
            return None;
        }
        let ending = ending::of(how.labels);
        let mut again = Again {
            made,
            out: Vec::with_capacity((made.text.len() + made.text.len() / 64).min(room)),
            done: 0,
            families: Vec::with_capacity(made.index.families.len()),
            samples: Vec::with_capacity(made.index.samples.len()),
        };
        let (mut rest, mut odd) = (text, self.heads.iter().peekable());
        for (at, family) in made.index.families.iter().enumerate() {
            let run = &made.index.samples[family.samples.start as usize..family.samples.end as usize];
            let own = again.head(family, run.first()?)?;
            let head = odd.next_if(|(of, _)| *of == at).map_or(own, |(_, head)| head);
            rest = rest.strip_prefix(head)?;
            for span in run {
                rest = again.line(span, rest, &ending)?;
            }
        }
        if rest != &*self.tail {
            return None;
        }
        let text = ByteString::from(String::from_utf8(again.out).ok()?);
        let (families, samples) = (again.families, again.samples);
        let index = Index { families, samples, verbatim: true, shape: self.shape, ..Index::default() };
        Some(Page { text, index: Arc::new(index) })
    }
}

impl Page {
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

/// Takes off the start of `text` what `made` was before it got the labels of `ending`, with the blank behind it. As no
/// series has a label twice, it has none of them then.
#[inline]
fn without_own<'a>(text: &'a [u8], made: &[u8], name: usize, ending: &[u8]) -> Option<&'a [u8]> {
    if let Some(own) = made.strip_suffix(ending) {
        return text.strip_prefix(own)?.strip_prefix(b"} ");
    }
    (name > 0 && made.get(name..)?.strip_prefix(b"{") == Some(&ending[1..])).then_some(())?;
    text.strip_prefix(&made[..name])?.strip_prefix(b" ")
}

/// Whether `made` is `own`, whose name has so many bytes, with the labels of `ending` behind its own.
fn is_made_of(made: &[u8], own: &[u8], name: usize, ending: &[u8]) -> bool {
    own.len() > name && without_own(own, made, name, ending).is_some_and(<[u8]>::is_empty)
}

/// The new page as it grows.
struct Again<'a> {
    made: &'a Page,
    out: Vec<u8>,
    /// How much of the old text is done.
    done: usize,
    families: Vec<FamilySpan>,
    samples: Vec<SampleSpan>,
}

impl<'a> Again<'a> {
    /// The lines before a family's samples, as they were.
    fn head(&mut self, family: &FamilySpan, first: &SampleSpan) -> Option<&'a [u8]> {
        let (from, to) = (self.done, first.start as usize);
        let starts = if family.described() { family.help.start } else { family.name.start };
        if (starts as usize) < from || (family.name.end as usize) > to {
            return None;
        }
        let moved = |at: u32| (at as usize - from + self.out.len()) as u32;
        self.families.push(family.moved(moved));
        let head = &self.made.text.as_bytes()[from..to];
        self.out.extend_from_slice(head);
        self.done = to;
        Some(head)
    }

    /// The next line of a text by the one that stood there; what follows it.
    #[inline]
    fn line<'t>(&mut self, old: &SampleSpan, text: &'t [u8], ending: &[u8]) -> Option<&'t [u8]> {
        let series = self.made.series_bytes(old);
        let rest = without_own(text, series, old.name_len as usize, ending)?;
        let (value, len) = value_at(rest)?;
        let (raw, rest) = rest.split_at(len);
        let rest = rest.strip_prefix(b"\n")?;
        let start = self.out.len() as u32;
        self.out.extend_from_slice(series);
        let value_at = self.out.len() as u32;
        self.out.extend_from_slice(raw);
        let end = self.out.len() as u32;
        self.out.push(b'\n');
        self.done = old.end as usize + 1;
        self.samples.push(SampleSpan { start, value_at, end, value, ..*old });
        Some(rest)
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

    /// `text` read by a page before, if it is like that.
    fn again(text: &str, before: &str, how: &Rewrite<'_>) -> Option<Page> {
        let (page, made) = (parsed(before), parsed(before).rewrite(how));
        Likeness::of(&page, &made, how)?.read(text.as_bytes(), &made, how)
    }

    /// Pages that differ in values, and in anything else.
    const PAGES: [&str; 30] = [
        "a 1\n",
        "a 2.50 \n",
        "a 2.5\nb",
        "a 1\n\n",
        "a 1\n# EOF\n",
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
        "# HELP none no sample\n# TYPE none counter\n# TYPE a gauge\na 1\n",
        "# HELP none no sample\n# TYPE none counter\n# TYPE a gauge\na 1e9\n# TYPE last gauge\n",
        "# a comment\n\n# TYPE a gauge\n# HELP a text\na 1\n\nb 2\n",
        "# a comment\n\n# TYPE a gauge\n# HELP a text\na -3\n\nb 2e-7\n",
        "a 1e999\n",
    ];

    #[test]
    fn what_is_read_by_the_page_before_is_what_reading_and_rewriting_makes() {
        let mut found = 0;
        for clash in [Clash::Overwrite, Clash::Keep, Clash::Export] {
            let how = Rewrite { labels: &KEY, clash, keep_timestamps: true, ..Rewrite::default() };
            for (before, text) in PAGES.iter().flat_map(|one| PAGES.iter().map(move |other| (one, other))) {
                if Page::parse(*before, &Limits::NONE).is_err() {
                    continue;
                }
                let Some(again) = again(text, before, &how) else { continue };
                let whole = parsed(text).rewrite(&how);
                assert_eq!(again.text(), whole.text(), "{text} like {before}");
                let whole = Index { shape: again.index.shape, ..Index::clone(&whole.index) };
                assert_eq!(format!("{:?}", again.index), format!("{whole:?}"), "{text} like {before}");
                found += 1;
            }
        }
        // Each of a few like itself and its like, three times; the others never.
        assert!(found >= 45, "{found}");
    }

    #[test]
    fn a_page_with_other_lines_around_its_samples_is_found_too() {
        let how = Rewrite { labels: &KEY, ..Rewrite::default() };
        for (before, text) in [(25, 25), (27, 28)] {
            assert!(again(PAGES[text], PAGES[before], &how).is_some(), "{}", PAGES[text]);
        }
        let none = "# HELP none another text\n# TYPE none counter\n# TYPE a gauge\na 1\n";
        assert!(again(none, PAGES[25], &how).is_none(), "whose help changed");
    }

    #[test]
    fn a_page_of_another_time_is_found_though_values_grow() {
        let how = Rewrite { labels: &KEY, ..Rewrite::default() };
        let page = |value: &str| {
            format!(
                "# HELP h text\n# TYPE h histogram\nh_bucket{{le=\"+Inf\"}} {value}\nh_sum {value}\nh_count {value}\n# TYPE g gauge\ng {value}\n"
            )
        };
        let (first, mut made) = (parsed(&page("9")), parsed(&page("9")).rewrite(&how));
        let like = Likeness::of(&first, &made, &how).unwrap();
        let mut before = None::<Page>;
        for value in ["10", "1e300", "7", "NaN", "123456789012345678"] {
            made = like.read(page(value).as_bytes(), &made, &how).unwrap();
            assert_eq!(made.text(), parsed(&page(value)).rewrite(&how).text());
            assert!(before.replace(made.clone()).is_none_or(|before| before.is_shaped_as(&made)));
        }
        let other = Likeness::of(&first, &parsed(&page("9")).rewrite(&how), &how).unwrap();
        let other = other.read(page("1").as_bytes(), &made, &how).unwrap();
        assert!(!other.is_shaped_as(&made) && !first.is_shaped_as(&first));
        for value in ["1e400", "1_0", "", "7 8", "0x1"] {
            assert!(like.read(page(value).as_bytes(), &made, &how).is_none(), "{value}");
        }
    }
}
