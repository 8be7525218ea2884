//! Several pages as one: families of the same name joined under one HELP and TYPE.
//!
//! Duplicate series are not looked for: pages that are merged carry labels that tell them apart.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::encode;
use crate::kind::Kind;
use crate::page::{Family, Page};

/// A family gathered from all pages that have it.
#[derive(Debug, Clone)]
pub struct Merged<'a> {
    /// Its name in text 0.0.4: that of an OpenMetrics counter ends in `_total`.
    pub name: Cow<'a, str>,
    /// The first help text found.
    pub help: Option<Cow<'a, str>>,
    /// The first type found.
    pub kind: Kind,
    /// Its runs of samples, in the order of the pages.
    pub parts: Vec<Family<'a>>,
}

/// Gathers the families of the pages, in order of first appearance.
pub fn families<'a>(pages: impl IntoIterator<Item = &'a Page>) -> Vec<Merged<'a>> {
    let mut merged: Vec<Merged<'a>> = Vec::new();
    let mut places: HashMap<Cow<'a, str>, usize> = HashMap::new();
    for family in pages.into_iter().flat_map(Page::families) {
        let name = family.text_name();
        let place = *places.entry(name.clone()).or_insert(merged.len());
        if place == merged.len() {
            merged.push(Merged { name, help: None, kind: Kind::Untyped, parts: Vec::new() });
        }
        let joined = &mut merged[place];
        joined.help = joined.help.take().or_else(|| family.help());
        if joined.kind == Kind::Untyped {
            joined.kind = family.kind();
        }
        joined.parts.push(family);
    }
    merged
}

/// Writes the pages as one in text 0.0.4.
pub fn text<'a>(pages: impl IntoIterator<Item = &'a Page>, out: &mut Vec<u8>) {
    for family in families(pages) {
        family.text(out);
    }
}

impl Merged<'_> {
    /// Writes this family in text 0.0.4: HELP, TYPE, samples.
    pub fn text(&self, out: &mut Vec<u8>) {
        encode::header(&self.name, self.help.as_deref(), self.kind, out);
        for part in &self.parts {
            encode::run(part, out);
        }
    }
}

impl<'a> Family<'a> {
    /// The name that text 0.0.4 gives this family: OpenMetrics leaves out `_total` and `_info`.
    pub fn text_name(&self) -> Cow<'a, str> {
        let suffixed = self.page.index.openmetrics && matches!(self.kind(), Kind::Counter | Kind::Info);
        let first = self.samples().next().filter(|_| suffixed);
        Cow::Borrowed(first.map_or(self.name(), |sample| sample.name()))
    }
}
