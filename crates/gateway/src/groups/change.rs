//! Families put into a group and taken out of it.

use std::collections::HashSet;

use exposition::Kind;

use super::held::{Held, Name, Named};
use super::{Groups, Id, Method, Stamps};
use crate::families::Prepared;

/// What a group has, while it changes.
struct Content {
    id: Id,
    families: Vec<Named>,
    series: usize,
    bytes: usize,
}

impl Groups {
    /// Puts families that were checked into a group.
    pub(super) fn replace(&mut self, method: Method, id: Id, families: Vec<(Prepared, Stamps)>) {
        self.with_content(id, |groups, content| {
            if method == Method::Put {
                let new: HashSet<&str> = families.iter().map(|(family, _)| family.name.as_str()).collect();
                groups.release(content, |name| !new.contains(name));
            }
            // A series may go from one family to another: all old ones go before the first new one comes.
            for (family, _) in &families {
                groups.forget(id, family);
            }
            for (family, stamps) in families {
                groups.hold(content, family, stamps);
            }
        });
    }

    /// Takes all out of a group.
    pub(super) fn empty(&mut self, id: Id) {
        self.with_content(id, |groups, content| groups.release(content, |_| true));
    }

    fn with_content(&mut self, id: Id, change: impl FnOnce(&mut Self, &mut Content)) {
        let Some(group) = self.group_mut(id) else { return };
        let families = std::mem::take(&mut group.families);
        let mut content = Content { id, families, series: group.series, bytes: group.bytes };
        let (series, bytes) = (group.series, group.bytes);
        change(self, &mut content);
        self.snapshot.series = (self.snapshot.series + content.series).saturating_sub(series);
        self.snapshot.bytes = (self.snapshot.bytes + content.bytes).saturating_sub(bytes);
        if let Some(group) = self.group_mut(id) {
            (group.families, group.series, group.bytes) = (content.families, content.series, content.bytes);
        }
    }

    /// Takes out the series of the family that this one replaces, if they are others.
    fn forget(&mut self, id: Id, family: &Prepared) {
        let Some((name, _)) = self.named(&family.name) else { return };
        let Some(held) = self.snapshot.families.get(&(name.number(), id)) else { return };
        if !held.block.has_series_of(&family.block) {
            held.series().for_each(|series| self.index.remove(series));
        }
    }

    fn hold(&mut self, content: &mut Content, family: Prepared, stamps: Stamps) {
        let known = self.named(&family.name);
        let kind = family.kind;
        let name = known.as_ref().map_or_else(
            || {
                self.last_number += 1;
                Named::new(self.last_number, family.name.clone())
            },
            |(name, _)| name.clone(),
        );
        let key = (name.number(), content.id);
        let old = self.snapshot.families.get(&key);
        if old.is_none_or(|old| !old.block.has_series_of(&family.block)) {
            family.block.series().for_each(|series| self.index.insert(series, content.id));
        }
        let mut others = self.snapshot.families.iter_from(&(key.0, 0));
        let like =
            old.or_else(|| others.next().filter(|((number, _), _)| *number == key.0).map(|(_, held)| held));
        let held = Held::new(family, stamps, like);
        content.series += held.series().len();
        content.bytes += held.bytes();
        let mut holders = known.as_ref().map_or(0, |(_, what)| what.holders);
        if let Some(old) = self.snapshot.families.insert(key, held) {
            content.series -= old.series().len();
            content.bytes -= old.bytes();
            self.dropped.push(old);
        } else {
            holders += 1;
            if let Err(at) = content.families.binary_search(&name) {
                content.families.insert(at, name.clone());
            }
        }
        // Only the sole holder of a name may change its type, so the last word is the right one.
        if known.is_none_or(|(_, what)| what != Name { kind, holders }) {
            self.snapshot.names.insert(name, Name { kind, holders });
        }
    }

    /// Takes out the families whose names are `gone`.
    fn release(&mut self, content: &mut Content, gone: impl Fn(&str) -> bool) {
        let (out, stay): (Vec<Named>, Vec<Named>) =
            std::mem::take(&mut content.families).into_iter().partition(|name| gone(name.text()));
        content.families = stay;
        for name in out {
            let Some(held) = self.snapshot.families.remove(&(name.number(), content.id)) else { continue };
            held.series().for_each(|series| self.index.remove(series));
            content.series -= held.series().len();
            content.bytes -= held.bytes();
            self.dropped.push(held);
            if let Some(what) = self.snapshot.names.get_mut(&name) {
                what.holders -= 1;
                if what.holders == 0 {
                    self.snapshot.names.remove(&name);
                }
            }
        }
    }

    /// What a group holds of a family.
    pub(super) fn held_of(&self, id: Id, name: &str) -> Option<&Held> {
        let (name, _) = self.named(name)?;
        self.snapshot.families.get(&(name.number(), id))
    }

    /// The type of a family.
    pub(super) fn kind_of(&self, name: &str) -> Option<Kind> {
        self.named(name).map(|(_, what)| what.kind)
    }

    pub(super) fn named(&self, name: &str) -> Option<(Named, Name)> {
        let (named, what) = self.snapshot.names.iter_from(name).next()?;
        (named.text() == name).then(|| (named.clone(), *what))
    }
}
