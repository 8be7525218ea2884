//! Families made ready to be stored: complete, without duplicates, one block of text each.
//!
//! The real gateway reads histograms and summaries into objects and writes them out again, which
//! completes and respells them. The same comes out here; a family that needs none of it, as
//! client libraries write them, is taken as it is.

mod block;
mod complete;

pub use block::Block;

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use exposition::{Kind, Label, Limits, Page, Sample, encode};

use crate::groups::Origin;
use crate::push::{OWN_TIMES, Refusal};

/// One random key for the process, so that nobody can push series whose hashes collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A family of one push.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its name.
    pub name: String,
    /// Its help text, empty if none.
    pub help: String,
    /// Its type.
    pub kind: Kind,
    /// Its sample lines, and what tells each series from all others.
    pub block: Block,
    /// What few families have besides.
    pub extra: Option<Arc<Extra>>,
}

/// What few families have besides their lines; the others pay one word for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra {
    /// What is shown while new counters read 0.
    pub origin: Option<Origin>,
    /// The whole family where text cannot say all of it (native histograms, exemplars, when a series
    /// began), as [`exposition::protobuf::body`] wrote it, with the group's labels.
    pub metrics: Bytes,
}

impl Extra {
    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.metrics.len() + self.origin.as_ref().map_or(0, Origin::bytes)
    }
}

/// Takes apart a page that has the group's labels on; says which series stands twice. No family may be
/// longer than `most` bytes once it is complete.
pub fn prepare(page: &Page, most: usize) -> Result<Vec<Prepared>, Refusal> {
    let mut seen = HashSet::with_capacity(page.sample_count());
    let mut prepared = BTreeMap::new();
    for family in page.families().filter(|family| !OWN_TIMES.contains(&family.name())) {
        let own_page;
        let family = if complete::is_complete(&family)? {
            family
        } else {
            own_page = complete::completed(&family, most)?;
            let Some(family) = own_page.families().next() else { continue };
            family
        };
        let mut lines = Vec::new();
        let mut series = Vec::with_capacity(family.samples().len());
        for sample in family.samples() {
            let identity = identity(&sample);
            if !seen.insert(identity) {
                let line = sample.line().rsplit_once(' ').map_or(sample.line(), |(series, _)| series);
                let message =
                    format!("series {line} was collected before with the same name and label values");
                return Err(Refusal::Content(message));
            }
            series.push(identity);
            lines.extend_from_slice(sample.line().as_bytes());
            lines.push(b'\n');
        }
        let name = family.name().to_owned();
        let help = family.help().unwrap_or_default().into_owned();
        let (kind, block) = (family.kind(), Block::new(&lines, &series));
        prepared.insert(name.clone(), Prepared { name, help, kind, block, extra: None });
    }
    Ok(prepared.into_values().collect())
}

/// A key that a client names a push by, as a hash that nobody can choose.
pub(crate) fn hashed(key: &[u8]) -> u64 {
    HASHER.hash_one(key)
}

/// Makes a family that was stored ready to be stored again. Its lines are as [`prepare`] left them.
pub fn again(name: &str, help: String, kind: Kind, lines: &[u8]) -> Result<Prepared, String> {
    let mut text = Vec::with_capacity(lines.len() + 64);
    encode::header(name, None, kind, &mut text);
    text.extend_from_slice(lines);
    let page = Page::parse_pushed(text, &Limits::NONE).map_err(|error| error.to_string())?;
    let mut prepared = prepare(&page, usize::MAX).map_err(|error| error.to_string())?;
    match (prepared.pop(), prepared.is_empty()) {
        (Some(family), true) if family.name == name => Ok(Prepared { help, kind, ..family }),
        _ => Err("its lines are those of another family".to_owned()),
    }
}

/// What tells a series from all others. A label with an empty value counts, as it does for the real
/// one: a group under such a key is a group of its own.
pub(crate) fn identity(sample: &Sample<'_>) -> u64 {
    HASHER.hash_one(sample.name()).wrapping_add(hash(sample.labels()))
}

/// The same for any order of the labels, none of which stands twice: what it is a sum of cannot be
/// guessed, so sums that are equal cannot be made.
pub(crate) fn hash<'a>(labels: impl Iterator<Item = Label<'a>>) -> u64 {
    labels.fold(0, |sum, label| sum.wrapping_add(HASHER.hash_one((label.name, label.value.as_ref()))))
}
