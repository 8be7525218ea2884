//! What is held of each family: by name, and under each name by group.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use exposition::Kind;

use super::{Groups, Id, Stamps};
use crate::families::{Extra, Prepared};

/// A name with all groups that hold a family of it.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) kind: Kind,
    pub(super) holders: BTreeMap<Id, Held>,
}

/// One group's family as it is stored.
#[derive(Debug)]
pub struct Held {
    /// Its help text, empty if none.
    pub help: String,
    /// Its sample lines.
    pub lines: Bytes,
    /// What tells each series from all others.
    pub series: Box<[u64]>,
    /// What few families have besides.
    pub extra: Option<Box<Extra>>,
    /// When it was pushed.
    pub stamps: Stamps,
}

impl Held {
    /// Bytes of what was pushed: its lines, and what text cannot say.
    pub(super) fn bytes(&self) -> usize {
        let besides = self
            .extra
            .as_ref()
            .map_or(0, |extra| extra.metrics.len() + extra.origin.as_ref().map_or(0, super::Origin::bytes));
        self.lines.len() + besides
    }
}

/// A family over all groups, as a scrape shows it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Its name.
    pub name: &'a str,
    /// The help text of the oldest group that has one.
    pub help: &'a str,
    /// Its type.
    pub kind: Kind,
    held: &'a BTreeMap<Id, Held>,
}

impl<'a> Shown<'a> {
    /// What each group holds of it.
    pub fn held(&self) -> impl Iterator<Item = &'a Held> {
        self.held.values()
    }

    /// The sample lines of each group.
    pub fn lines(&self) -> impl Iterator<Item = &'a Bytes> {
        self.held.values().map(|held| &held.lines)
    }
}

impl Groups {
    /// The families in the order of their names.
    pub fn families(&self) -> impl Iterator<Item = Shown<'_>> {
        self.names.iter().map(|(name, held)| {
            let help = held.holders.values().map(|held| held.help.as_str()).find(|help| !help.is_empty());
            Shown { name, help: help.unwrap_or_default(), kind: held.kind, held: &held.holders }
        })
    }

    pub(super) fn hold(&mut self, id: Id, family: Prepared, stamps: Stamps) {
        let name: Arc<str> = family.name.into();
        let Prepared { help, lines, series, extra, .. } = family;
        let held = Held { help, lines, series, extra, stamps };
        for series in &held.series {
            self.series.insert(*series, id);
        }
        if let Some(group) = self.held.get_mut(&id) {
            group.families.insert(Arc::clone(&name));
            group.series += held.series.len();
            group.bytes += held.bytes();
            self.bytes += held.bytes();
        }
        let entry =
            self.names.entry(name).or_insert_with(|| Name { kind: family.kind, holders: BTreeMap::new() });
        // Only the sole holder of a name may change its type, so the last word is the right one.
        entry.kind = family.kind;
        entry.holders.insert(id, held);
    }

    pub(super) fn release(&mut self, id: Id, name: &str) {
        let Some(group) = self.held.get_mut(&id) else { return };
        if !group.families.remove(name) {
            return;
        }
        let Entry::Occupied(mut entry) = self.names.entry(Arc::from(name)) else { return };
        if let Some(held) = entry.get_mut().holders.remove(&id) {
            group.series -= held.series.len();
            group.bytes -= held.bytes();
            self.bytes -= held.bytes();
            for series in &held.series {
                self.series.remove(series);
            }
        }
        if entry.get().holders.is_empty() {
            entry.remove();
        }
    }
}
