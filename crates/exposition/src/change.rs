//! A page whose series were renamed, given other labels, or taken away one by one.
//!
//! Samples follow their name: one that got the name of another family joins it, one with a name of
//! its own becomes an untyped family, as its type was that of the old name. A histogram or summary
//! that is none any more is taken apart into untyped families, so that nobody adds its missing parts.

use std::collections::HashMap;
use std::sync::Arc;

use crate::builder::PageBuilder;
use crate::error::TooLarge;
use crate::kind::Kind;
use crate::page::{Page, Sample};

/// A series as it is to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The metric name, of the classic alphabet.
    pub name: String,
    /// Its labels, with names of the classic alphabet, each once.
    pub labels: Vec<(String, String)>,
}

/// What becomes of one sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Stays,
    /// It is taken away.
    Goes,
    /// It becomes a sample of this series.
    Becomes(Arc<Series>),
}

/// A family of the new page.
struct Family<'a> {
    help: Option<std::borrow::Cow<'a, str>>,
    kind: Kind,
    unit: &'a str,
    samples: Vec<usize>,
}

impl Page {
    /// This page with a fate for each sample, in their order; those without one stay. Its text has at
    /// most `most` bytes.
    ///
    /// The page is one that [`Page::rewrite`] made: canonical, each family in one piece.
    pub fn changed(&self, fates: &[Fate], most: usize) -> Result<Page, TooLarge> {
        if fates.iter().all(|fate| *fate == Fate::Stays) {
            return Ok(self.clone());
        }
        let mut change = Change { page: self, fates, families: Vec::new(), places: HashMap::new() };
        change.gather();
        change.take_apart();
        change.write(most)
    }
}

struct Change<'a> {
    page: &'a Page,
    fates: &'a [Fate],
    families: Vec<Family<'a>>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Change<'a> {
    fn fate(&self, at: usize) -> &'a Fate {
        self.fates.get(at).unwrap_or(&Fate::Stays)
    }

    fn name(&self, at: usize) -> &'a str {
        match self.fate(at) {
            Fate::Becomes(series) => &series.name,
            _ => Sample { page: self.page, at }.name(),
        }
    }

    /// Finds a family for each sample that is left.
    fn gather(&mut self) {
        for family in self.page.families() {
            self.places.insert(family.name(), self.families.len());
            let (help, unit) = (family.help(), family.unit().unwrap_or_default());
            self.families.push(Family { help, kind: family.kind(), unit, samples: Vec::new() });
        }
        let old = self.page.families().enumerate();
        let owned: Vec<(usize, usize)> =
            old.flat_map(|(place, family)| family.samples().map(move |sample| (place, sample.at))).collect();
        for (place, at) in owned {
            let (is_gone, name) = (*self.fate(at) == Fate::Goes, self.name(at));
            if is_gone {
                continue;
            }
            let place = if name == (Sample { page: self.page, at }).name() { place } else { self.home(name) };
            self.families[place].samples.push(at);
        }
    }

    /// The family that a sample of this name belongs to by its name alone.
    fn home(&mut self, name: &'a str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let stems = ["_bucket", "_sum", "_count"].iter().filter_map(|suffix| name.strip_suffix(suffix));
        for stem in stems {
            let place = self.places.get(stem).copied();
            if let Some(place) = place.filter(|place| self.families[*place].kind.owns(stem, name, false)) {
                return place;
            }
        }
        self.places.insert(name, self.families.len());
        self.families.push(Family { help: None, kind: Kind::Untyped, unit: "", samples: Vec::new() });
        self.families.len() - 1
    }

    /// Histograms and summaries that others would mend, or refuse, are none any more.
    fn take_apart(&mut self) {
        let broken: Vec<&str> = self.page.families().map(|family| family.name()).collect();
        for stem in broken {
            let Some(place) = self.places.get(stem).copied() else { continue };
            if self.is_whole(stem, &self.families[place]) {
                continue;
            }
            let samples = std::mem::take(&mut self.families[place].samples);
            self.places.remove(stem);
            for at in samples {
                let place = self.home(self.name(at));
                self.families[place].samples.push(at);
            }
        }
    }

    fn is_whole(&self, stem: &str, family: &Family<'_>) -> bool {
        let Some(part) = family.kind.bound() else { return true };
        let mut buckets = family.samples.iter().filter(|at| self.name(**at).ends_with("_bucket"));
        let has_buckets = part != "le" || family.samples.is_empty() || buckets.next().is_some();
        has_buckets
            && family.samples.iter().all(|at| match self.fate(*at) {
                Fate::Becomes(series) => {
                    let old = Sample { page: self.page, at: *at };
                    let new = series.labels.iter().find(|(name, _)| name == part);
                    let stays = old.label(part).as_deref() == new.map(|(_, value)| value.as_str());
                    stays && old.name() == series.name && old.name().starts_with(stem)
                }
                _ => true,
            })
    }

    fn write(self, most: usize) -> Result<Page, TooLarge> {
        let mut page = PageBuilder::within(most);
        let mut names: Vec<(&str, usize)> = self.places.iter().map(|(name, place)| (*name, *place)).collect();
        names.sort_by_key(|(_, place)| *place);
        for (name, place) in names {
            let family = &self.families[place];
            page.family(name, family.help.as_deref().unwrap_or_default(), family.kind);
            page.unit(family.unit);
            for at in &family.samples {
                let sample = Sample { page: self.page, at: *at };
                page.begin(self.name(*at));
                if let Fate::Becomes(series) = self.fate(*at) {
                    series.labels.iter().for_each(|(name, value)| page.label(name, value));
                } else {
                    let mut labels = sample.labels();
                    while let Some((name, raw)) = labels.next_raw() {
                        page.raw_label(name, raw);
                    }
                }
                page.end(sample.value(), Some(sample.value_text()), sample.timestamp_ms());
                page.beside(sample.created_ms(), sample.exemplar());
            }
        }
        page.try_finish()
    }
}
