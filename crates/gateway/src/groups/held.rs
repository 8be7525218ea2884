//! What is held, as a value: families by name, and under each name by group.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use exposition::Kind;

use super::tree::Tree;
use super::{Group, Id, Stamps};
use crate::families::{Block, Extra, Prepared};

/// All groups at one moment. Copies cost nothing and change no more, so whoever reads for long takes one.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub(super) groups: Tree<Id, Arc<Group>>,
    pub(super) names: Tree<Named, Name>,
    pub(super) families: Tree<(Number, Id), Held>,
    pub(super) series: usize,
    pub(super) bytes: usize,
}

/// A name's place among the families; never used again.
pub(super) type Number = u64;

/// A name in one word: each group that holds the family has it.
#[derive(Debug, Clone)]
pub(super) struct Named(Arc<(Number, String)>);

impl Named {
    pub(super) fn new(number: Number, name: String) -> Self {
        Self(Arc::new((number, name)))
    }

    pub(super) fn number(&self) -> Number {
        self.0.0
    }

    pub(super) fn text(&self) -> &str {
        &self.0.1
    }
}

impl Borrow<str> for Named {
    fn borrow(&self) -> &str {
        self.text()
    }
}

impl Ord for Named {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(other.text())
    }
}

impl PartialOrd for Named {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Named {}

/// What all families of a name have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) kind: Kind,
    /// Groups that hold one.
    pub(super) holders: usize,
}

/// One group's family as it is stored.
#[derive(Debug, Clone)]
pub struct Held {
    help: Option<Arc<String>>,
    pub(super) block: Block,
    /// What few families have besides.
    pub extra: Option<Arc<Extra>>,
    /// When it was pushed.
    pub stamps: Stamps,
}

impl Held {
    /// Takes what was prepared; a help text that is `like` another's is held once.
    pub(super) fn new(prepared: Prepared, stamps: Stamps, like: Option<&Self>) -> Self {
        let like = like.and_then(|like| like.help.clone()).filter(|help| **help == prepared.help);
        let help = like.or_else(|| (!prepared.help.is_empty()).then(|| Arc::new(prepared.help)));
        Self { help, block: prepared.block, extra: prepared.extra, stamps }
    }

    /// Its help text, empty if none.
    pub fn help(&self) -> &str {
        self.help.as_deref().map_or("", String::as_str)
    }

    /// Its sample lines.
    pub fn lines(&self) -> &[u8] {
        self.block.lines()
    }

    /// The same for longer than the groups are looked at; nothing is copied.
    pub fn shared_lines(&self) -> Bytes {
        Bytes::from_owner(self.block.clone())
    }

    /// The lines that a scrape at this time shows, if they are not the family's own.
    pub fn zeros_at(&self, now: Instant) -> Option<&[u8]> {
        Some(self.extra.as_ref()?.origin.as_ref()?.lines(now)?)
    }

    /// The lines that a scrape at this time shows.
    pub fn lines_at(&self, now: Instant) -> &[u8] {
        self.zeros_at(now).unwrap_or_else(|| self.lines())
    }

    /// What text cannot say of it, where there is such.
    pub fn beyond(&self) -> Option<&Bytes> {
        self.extra.as_ref().map(|extra| &extra.metrics).filter(|metrics| !metrics.is_empty())
    }

    /// Bytes of what was pushed: its lines, what is shown in their place, what text cannot say, and its help.
    pub(super) fn bytes(&self) -> usize {
        bytes(&self.block, self.extra.as_deref(), self.help())
    }

    /// What tells each of its series from all others.
    pub fn series(&self) -> impl ExactSizeIterator<Item = u64> {
        self.block.series()
    }
}

/// Bytes of what was pushed of a family. Help counts in each group, though equal ones are held once: the group
/// that paid for it may be gone first.
pub(super) fn bytes(block: &Block, extra: Option<&Extra>, help: &str) -> usize {
    block.len() + extra.map_or(0, Extra::bytes) + help.len()
}

/// A family over all groups, as a scrape shows it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    snapshot: &'a Snapshot,
    name: &'a Named,
    /// Its type.
    pub kind: Kind,
}

impl<'a> Shown<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        self.name.text()
    }

    /// The help text of the oldest group that has one.
    pub fn help(&self) -> &'a str {
        self.held().map(|(_, held)| held.help()).find(|help| !help.is_empty()).unwrap_or_default()
    }

    /// What each group holds of it, the oldest group first.
    pub fn held(&self) -> impl Iterator<Item = (Id, &'a Held)> + use<'a> {
        self.held_from(0)
    }

    /// The same, from some group on.
    pub fn held_from(&self, group: Id) -> impl Iterator<Item = (Id, &'a Held)> + use<'a> {
        let number = self.name.number();
        let families = self.snapshot.families.iter_from(&(number, group));
        families.take_while(move |((name, _), _)| *name == number).map(|((_, group), held)| (*group, held))
    }
}

impl Snapshot {
    /// The groups in the order of their first push.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().map(|(_, group)| &**group)
    }

    /// The same with their numbers, from some number on.
    pub fn iter_from(&self, group: Id) -> impl Iterator<Item = (Id, &Group)> {
        self.groups.iter_from(&group).map(|(id, group)| (*id, &**group))
    }

    /// Groups held.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there is no group.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Series held in all groups.
    pub fn series(&self) -> usize {
        self.series
    }

    /// Bytes of text held in all groups.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The families in the order of their names.
    pub fn families(&self) -> impl Iterator<Item = Shown<'_>> {
        self.names.iter().map(|(name, what)| self.shown(name, *what))
    }

    /// The same, from some name on.
    pub fn families_from<'a>(&'a self, name: &str) -> impl Iterator<Item = Shown<'a>> + use<'a> {
        self.names.iter_from(name).map(|(name, what)| self.shown(name, *what))
    }

    /// The family of a name.
    pub fn family(&self, name: &str) -> Option<Shown<'_>> {
        self.names.entry(name).map(|(name, what)| self.shown(name, *what))
    }

    /// The families of one group in the order of their names.
    pub fn families_of<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = (Shown<'a>, &'a Held)> {
        group.families.iter().filter_map(|name| {
            let what = self.names.get(name.text())?;
            Some((self.shown(name, *what), self.families.get(&(name.number(), group.id))?))
        })
    }

    fn shown<'a>(&'a self, name: &'a Named, what: Name) -> Shown<'a> {
        Shown { snapshot: self, name, kind: what.kind }
    }
}
