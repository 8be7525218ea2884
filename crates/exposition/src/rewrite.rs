//! A page with other labels: what an agent does to a scraped page, and a gateway to a pushed one.

use std::borrow::Cow;

use crate::builder::PageBuilder;
use crate::created::Beginnings;
use crate::error::TooLarge;
use crate::merge;
use crate::page::{Page, Sample};
use crate::spelling::{self, Spelling};

/// What becomes of each sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rewrite<'a> {
    /// Labels that every sample gets. Empty values are written too.
    pub labels: &'a [(&'a str, &'a str)],
    /// What happens to a sample that has one of them already.
    pub clash: Clash,
    /// Labels that are taken off, before the others are put on.
    pub drop: &'a [&'a str],
    /// Whether explicit timestamps stay.
    pub keep_timestamps: bool,
}

/// Who wins when a sample already has a label that is to be put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clash {
    /// The new label, as in a Pushgateway's groups.
    #[default]
    Overwrite,
    /// The sample's own, as under Prometheus' `honor_labels: true`; an empty one counts.
    Keep,
    /// Both: the sample's own becomes `exported_NAME`, as under `honor_labels: false`.
    Export,
}

impl Page {
    /// This page anew, in canonical text 0.0.4: families joined, labels changed.
    ///
    /// Exemplars and `_created` values have no place in that format: samples have them beside the text
    /// ([`Sample::exemplar`], [`Sample::created_ms`]). Names and labels in UTF-8 are spelt in the classic alphabet, and no two become one by that.
    #[must_use]
    pub fn rewrite(&self, how: &Rewrite<'_>) -> Page {
        self.rewrite_where(how, |_| true)
    }

    /// The same, with only those samples that `keep` wants, in the order of the families.
    #[must_use]
    pub fn rewrite_where(&self, how: &Rewrite<'_>, keep: impl FnMut(&Sample<'_>) -> bool) -> Page {
        self.rewritten(how, usize::MAX, keep).finish()
    }

    /// The same with all samples, as long as the text has at most so many bytes: each label that is put
    /// on makes every sample longer.
    pub fn rewrite_within(&self, how: &Rewrite<'_>, most: usize) -> Result<Page, TooLarge> {
        self.rewritten(how, most, |_| true).try_finish()
    }

    fn rewritten(
        &self,
        how: &Rewrite<'_>,
        most: usize,
        mut keep: impl FnMut(&Sample<'_>) -> bool,
    ) -> PageBuilder {
        let mut page = PageBuilder::with_capacity(self, how, most);
        let added = Added::new(how.labels);
        let families = merge::families([self]);
        // Quoted UTF-8 names are for readers that asked for them.
        let spelling = Spelling::of(&families);
        let beginnings = Beginnings::of(self);
        for family in &families {
            let name = spelling.name(&family.name, &family.name);
            page.family(&name, family.help.as_deref().unwrap_or_default(), family.kind);
            page.unit(family.parts.iter().find_map(crate::Family::unit).unwrap_or_default());
            for sample in family.parts.iter().flat_map(crate::Family::samples).filter(|sample| keep(sample)) {
                page.begin(&spelling.name(&family.name, sample.name()));
                write_labels(&mut page, &sample, how, &added, self.index.verbatim);
                let stamp = sample.timestamp_ms().filter(|_| how.keep_timestamps);
                page.end(sample.value(), Some(sample.value_text()), stamp);
                page.beside(beginnings.begin(&sample), sample.exemplar());
            }
        }
        page
    }
}

/// The labels that are put on, found by name in less than one look at each.
struct Added<'a> {
    labels: &'a [(&'a str, &'a str)],
    /// Their positions in the order of their names; empty where they are few.
    sorted: Vec<usize>,
}

impl<'a> Added<'a> {
    fn new(labels: &'a [(&'a str, &'a str)]) -> Self {
        let mut sorted: Vec<usize> = if labels.len() > 8 { (0..labels.len()).collect() } else { Vec::new() };
        sorted.sort_by_key(|at| labels[*at].0);
        Self { labels, sorted }
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.sorted.is_empty() {
            return self.labels.iter().position(|(added, _)| *added == name);
        }
        let found = self.sorted.binary_search_by_key(&name, |at| self.labels[*at].0).ok()?;
        Some(self.sorted[found])
    }
}

fn write_labels(
    page: &mut PageBuilder,
    sample: &Sample<'_>,
    how: &Rewrite<'_>,
    added: &Added<'_>,
    clean: bool,
) {
    let mut own = sample.labels();
    let mut kept = 0_u64;
    // Names that were made here, which the sample itself does not show.
    let mut made: Vec<String> = Vec::new();
    while let Some((name, raw)) = own.next_raw() {
        if how.drop.contains(&name) {
            continue;
        }
        let clash = added.position(name);
        let name = match (clash, how.clash) {
            (None, _) => spelling::label(name, |name| is_taken(name, sample, how, &made)),
            (Some(_), Clash::Overwrite) => continue,
            (Some(position), Clash::Keep) => {
                kept |= bit(position);
                Cow::Borrowed(name)
            }
            // An empty label is none, so there is nothing to export.
            (Some(_), Clash::Export) if raw.is_empty() => continue,
            (Some(_), Clash::Export) => {
                Cow::Owned(free_name(name, |name| is_taken(name, sample, how, &made)))
            }
        };
        if let Cow::Owned(name) = &name {
            made.push(name.clone());
        }
        if clean {
            page.raw_label(&name, raw);
        } else {
            page.label(&name, &crate::labels::unescape(raw, true));
        }
    }
    for (position, (name, value)) in how.labels.iter().enumerate() {
        // Beyond what the bits can tell, the sample itself is asked.
        let own = match bit(position) {
            0 => how.clash == Clash::Keep && !how.drop.contains(name) && sample.label(name).is_some(),
            bit => kept & bit != 0,
        };
        if !own {
            page.label(name, value);
        }
    }
}

fn bit(position: usize) -> u64 {
    if position < 64 { 1 << position } else { 0 }
}

/// Whether a label made for this sample must not be called that.
fn is_taken(name: &str, sample: &Sample<'_>, how: &Rewrite<'_>, made: &[String]) -> bool {
    sample.label(name).is_some()
        || how.labels.iter().any(|(added, _)| *added == name)
        || made.iter().any(|made| made == name)
}

/// `exported_NAME`, with the prefix repeated until no label of the sample is called that.
fn free_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut free = format!("exported_{name}");
    while taken(&free) {
        free.insert_str(0, "exported_");
    }
    free
}
