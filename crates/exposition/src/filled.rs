//! A page as what is its own: its values. Names and labels are those of its form, which many have.

use std::ops::Range;
use std::sync::Arc;

use bytestring::ByteString;

use crate::ending;
use crate::form::Form;
use crate::front::Step;
use crate::page::{Family, FamilySpan, Index, Page, SampleSpan};

/// A page that was read by its [`Form`].
#[derive(Debug, Clone)]
pub struct Filled {
    form: Arc<Form>,
    own: Arc<Own>,
}

#[derive(Debug)]
struct Own {
    values: Vec<f64>,
    /// The values as they were written, each with its line break.
    spelt: Vec<u8>,
}

impl Filled {
    pub(crate) fn new(form: Arc<Form>, values: Vec<f64>, spelt: Vec<u8>) -> Self {
        Self { form, own: Arc::new(Own { values, spelt }) }
    }

    /// What its families are said to be, see [`Form::heads`].
    pub(crate) fn heads(&self) -> &Page {
        self.form.heads()
    }

    /// Whether both have the same series at the same places.
    pub fn is_of_one_form(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.form, &other.form)
    }

    /// The values in the order of the text.
    pub fn values(&self) -> &[f64] {
        &self.own.values
    }

    /// What is said of each family, and which values are its own. The families here have no samples themselves.
    pub fn families(&self) -> impl Iterator<Item = (Family<'_>, Range<usize>)> {
        self.form.heads().families_with_places()
    }

    /// Bytes of memory that it takes, apart from its form.
    pub fn bytes(&self) -> usize {
        size_of_val(self.own.values.as_slice()) + self.own.spelt.len()
    }

    /// The whole page, with the labels that were put on.
    pub fn page(&self) -> Page {
        self.written(Some(&self.form.ending))
    }

    /// The whole page without the labels that were put on, if they were just these, in this order.
    pub fn without_ending(&self, labels: &[(&str, &str)]) -> Option<Page> {
        (*ending::of(labels) == *self.form.ending).then(|| self.written(None))
    }

    fn written(&self, ending: Option<&[u8]>) -> Page {
        let form = &*self.form;
        let room = form.bytes(ending.is_some()) + self.own.spelt.len();
        let mut page = Written {
            out: Vec::with_capacity(room),
            samples: Vec::with_capacity(self.own.values.len()),
            line: Vec::new(),
            name_len: 0,
        };
        let mut families = Vec::with_capacity(form.families().len());
        let mut values = self.own.values.iter().zip(self.own.spelt.split_inclusive(|byte| *byte == b'\n'));
        let mut series = &*form.series;
        for (span, start, head) in form.families() {
            families.push(page.head(span, start, head));
            page.line.clear();
            for (value, spelt) in values.by_ref().take(span.samples.len()) {
                let made = Step::take(&mut series).and_then(|step| page.sample(step, ending, *value, spelt));
                debug_assert!(made.is_some(), "a form is whole");
            }
        }
        // It is made of text that was a page's, and of numbers.
        let Ok(text) = String::from_utf8(page.out) else { return Page::empty() };
        let index = Index { families, samples: page.samples, verbatim: true, ..Index::default() };
        Page { text: ByteString::from(text), index: Arc::new(index) }
    }
}

/// A page as it is written.
struct Written {
    out: Vec<u8>,
    samples: Vec<SampleSpan>,
    /// The series of the line before, as the target spells it.
    line: Vec<u8>,
    name_len: usize,
}

#[allow(clippy::cast_possible_truncation, reason = "a form reads no page that would be longer")]
impl Written {
    /// The lines before the samples of a family, whose `span` says where they are behind `start`.
    fn head(&mut self, span: &FamilySpan, start: usize, head: &[u8]) -> FamilySpan {
        let moved = |at: u32| (at as usize - start + self.out.len()) as u32;
        let span = span.moved(moved);
        self.out.extend_from_slice(head);
        span
    }

    /// One line; with `ending`, with those labels on.
    #[inline]
    fn sample(&mut self, step: Step<'_>, ending: Option<&[u8]>, value: f64, spelt: &[u8]) -> Option<()> {
        let is_first = self.line.is_empty();
        step.apply(&mut self.line)?;
        if is_first || step.prefix <= self.name_len {
            self.name_len = self.line.iter().position(|byte| matches!(byte, b'{' | b' '))?;
        }
        let start = self.out.len() as u32;
        match (ending, self.line.strip_suffix(b"} ")) {
            (None, _) => self.out.extend_from_slice(&self.line),
            (Some(ending), Some(own)) => {
                self.out.extend_from_slice(own);
                self.out.extend_from_slice(ending);
            }
            (Some(ending), None) => {
                self.out.extend_from_slice(self.line.get(..self.name_len)?);
                self.out.push(b'{');
                self.out.extend_from_slice(ending.get(1..)?);
            }
        }
        let value_at = self.out.len() as u32;
        self.out.extend_from_slice(spelt);
        let (name_len, end) = (self.name_len as u32, self.out.len() as u32 - 1);
        self.samples.push(SampleSpan { start, name_len, value_at, end, value });
        Some(())
    }
}
