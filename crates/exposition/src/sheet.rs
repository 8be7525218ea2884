//! A page, however it is kept.

use std::borrow::Cow;
use std::ops::Range;

use crate::filled::Filled;
use crate::page::{Family, Page};

/// A page as a whole, or as values of a form.
#[derive(Debug, Clone)]
pub enum Sheet {
    /// With all its text.
    Page(Page),
    /// As a tenth of that.
    Filled(Filled),
}

impl From<Page> for Sheet {
    fn from(page: Page) -> Self {
        Self::Page(page)
    }
}

impl From<Filled> for Sheet {
    fn from(filled: Filled) -> Self {
        Self::Filled(filled)
    }
}

impl Sheet {
    /// The page, which is written first where it is kept as values.
    pub fn page(&self) -> Cow<'_, Page> {
        match self {
            Self::Page(page) => Cow::Borrowed(page),
            Self::Filled(filled) => Cow::Owned(filled.page()),
        }
    }

    /// See [`Page::without_ending`].
    pub fn without_ending(&self, labels: &[(&str, &str)]) -> Option<Page> {
        match self {
            Self::Page(page) => page.without_ending(labels),
            Self::Filled(filled) => filled.without_ending(labels),
        }
    }

    /// How many samples (lines with a value) it has.
    pub fn sample_count(&self) -> usize {
        match self {
            Self::Page(page) => page.sample_count(),
            Self::Filled(filled) => filled.values().len(),
        }
    }

    /// Bytes of memory that it takes, apart from what others share.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Page(page) => page.text().len() + page.index_bytes(),
            Self::Filled(filled) => filled.bytes(),
        }
    }

    /// What is said of each family, and which samples in the order of the text are its own. Nothing is written for
    /// that: where it is kept as values, the families here have no samples themselves.
    pub fn families(&self) -> impl Iterator<Item = (Family<'_>, Range<usize>)> {
        let page = match self {
            Self::Page(page) => page,
            Self::Filled(filled) => filled.heads(),
        };
        page.families_with_places()
    }

    /// The value of the sample at this place in the order of the text.
    pub fn value(&self, at: usize) -> Option<f64> {
        match self {
            Self::Page(page) => page.sample(at).map(|sample| sample.value()),
            Self::Filled(filled) => filled.values().get(at).copied(),
        }
    }
}
