//! Which family a sample belongs to.
//!
//! On a page as clients write it, that is the family of the last TYPE line, and nothing is
//! looked up. Only when a sample stands apart from its TYPE line is a table of names made.
#![allow(clippy::cast_possible_truncation, reason = "`read` refuses texts whose offsets exceed 32 bits")]

use std::collections::HashMap;

use super::{Dialect, Fault, Parser};
use crate::error::Reason;
use crate::kind::Kind;
use crate::name;
use crate::page::{FamilySpan, Span};

impl<'a> Parser<'a> {
    fn openmetrics_names(&self) -> bool {
        self.dialect == Dialect::OpenMetrics
    }

    /// Whether metadata was read since the last sample, so that its name decides nothing.
    #[inline]
    pub(super) fn between_families(&self) -> bool {
        self.index
            .families
            .last()
            .is_none_or(|family| family.samples.start as usize == self.index.samples.len())
    }

    /// The family that the next metadata line of this name describes.
    pub(super) fn describe_family(&mut self, name: Span) -> &mut FamilySpan {
        if !self.between_families()
            || self.awaited_name(name.start as usize) != (name.end - name.start) as usize
        {
            self.open_family(FamilySpan { name, ..FamilySpan::default() });
        }
        let last = self.index.families.len() - 1;
        &mut self.index.families[last]
    }

    /// The length of the last family's name, if that is the name at `at`; 0 otherwise.
    ///
    /// Names come in threes: HELP, TYPE, first sample. Comparing is cheaper than reading.
    #[inline]
    pub(super) fn awaited_name(&self, at: usize) -> usize {
        let Some(last) = self.index.families.last() else { return 0 };
        let name = &self.bytes[last.name.start as usize..last.name.end as usize];
        let same = self.bytes[at..].starts_with(name) && !name::continues_metric(self.byte(at + name.len()));
        if same { name.len() } else { 0 }
    }

    /// Makes the family of a sample's name the current one.
    pub(super) fn enter_family(&mut self, at: usize, len: usize) {
        let text = self.text;
        let name = &text[at..at + len];
        let openmetrics = self.openmetrics_names();
        let current = self.index.families.last().copied();
        let owned =
            current.is_some_and(|current| current.kind.owns(current.name.of(text), name, openmetrics));
        // Where a family has that very name, a Pushgateway's reader takes it first.
        let elsewhere = || current.is_some_and(|current| current.name.of(text) != name);
        if owned && !(self.ambiguous && elsewhere() && self.is_family(name)) {
            return;
        }
        let span = match self.find_family(name) {
            // The copy keeps the place of the name, which tells it from a second declaration.
            Some(found) => self.index.families[found],
            None => FamilySpan {
                name: Span { start: at as u32, end: (at + len) as u32 },
                ..FamilySpan::default()
            },
        };
        self.unsettled = true;
        self.open_family(span);
    }

    /// The histogram or summary that a Pushgateway's reader means by the name of one of its parts.
    pub(super) fn whole_of(&mut self, name: &str) -> Option<usize> {
        if !is_part(name) {
            return None;
        }
        let text = self.text;
        self.find_family(name).filter(|found| self.index.families[*found].name.of(text) != name)
    }

    fn is_family(&mut self, name: &str) -> bool {
        self.known().0.contains_key(name)
    }

    fn known(&mut self) -> (&HashMap<&'a str, u32>, &[FamilySpan]) {
        let (text, families) = (self.text, &self.index.families);
        let known = self.known.get_or_insert_with(|| {
            let mut known = HashMap::new();
            for (at, family) in families.iter().enumerate() {
                note(&mut known, families, text, at, family);
            }
            known
        });
        (known, families)
    }

    fn find_family(&mut self, name: &str) -> Option<usize> {
        let openmetrics = self.openmetrics_names();
        let (known, families) = self.known();
        let suffixes = ["_bucket", "_sum", "_count", "_total", "_created", "_info"];
        let stems = suffixes.iter().filter_map(|suffix| name.strip_suffix(suffix));
        std::iter::once(name).chain(stems).find_map(|stem| {
            let found = *known.get(stem)? as usize;
            families[found].kind.owns(stem, name, openmetrics).then_some(found)
        })
    }

    fn open_family(&mut self, mut family: FamilySpan) {
        self.close_family();
        let at = self.index.families.len();
        let next = self.index.samples.len() as u32;
        family.samples = Span { start: next, end: next };
        // Clients that sort their families spare us a look for repeated names.
        let text = self.text;
        if self.index.families.last().is_some_and(|last| last.name.of(text) >= family.name.of(text)) {
            self.unsettled = true;
        }
        self.ambiguous |= self.dialect == Dialect::Pushed && is_part(family.name.of(text));
        self.index.families.push(family);
        if let Some(known) = &mut self.known {
            note(known, &self.index.families, text, at, &family);
        }
    }

    pub(super) fn close_family(&mut self) {
        let samples = self.index.samples.len() as u32;
        if let Some(last) = self.index.families.last_mut() {
            last.samples.end = samples;
            self.unsettled |= last.samples.start == last.samples.end;
        }
    }

    /// Gives all runs of a name one help and type, and drops families without samples.
    pub(super) fn settle(&mut self) {
        if !self.unsettled {
            return;
        }
        let text = self.text;
        let mut joined: HashMap<&'a str, FamilySpan> = HashMap::new();
        let mut second = None;
        for family in &self.index.families {
            let name = family.name.of(text);
            let first = joined.entry(name).or_insert(*family);
            if first.name != family.name {
                let what = match (family.described(), family.typed) {
                    (_, true) => Some("TYPE"),
                    (true, _) if first.described() => Some("HELP"),
                    _ => None,
                };
                let sampled = first.typed || first.samples.end > first.samples.start;
                if let Some(what) = what.filter(|what| *what == "HELP" || sampled) {
                    second.get_or_insert((family.name.start as usize, what, name));
                }
                if family.described() {
                    first.help = family.help;
                }
                if family.typed {
                    (first.kind, first.typed) = (family.kind, true);
                }
            }
            first.samples.end = first.samples.end.max(family.samples.end);
        }
        if let Some((at, what, name)) = second {
            self.lenient(at, || Reason::Second { what, name: name.to_owned() });
        }
        let created = !self.index.created.is_empty();
        for family in &mut self.index.families {
            let FamilySpan { help, kind, typed, .. } = joined[family.name.of(text)];
            (family.help, family.kind, family.typed) = (help, kind, typed);
        }
        // `_created` entries name their family by position, so positions must stay.
        if !created {
            self.index.families.retain(|family| family.samples.start < family.samples.end);
        }
    }

    /// Notes a second HELP or TYPE line right behind the first.
    pub(super) fn note_second(&mut self, at: usize, what: &'static str, name: Span) {
        let name = name.of(self.text).to_owned();
        if self.leniency.is_none() {
            self.leniency = Some(Fault::new(at, Reason::Second { what, name }));
        }
    }
}

/// Whether this may be the name of a sample of a histogram or summary.
fn is_part(name: &str) -> bool {
    ["_count", "_sum", "_bucket"].iter().any(|suffix| name.ends_with(suffix))
}

/// Remembers where a name was declared; a later declaration that says more takes its place.
fn note<'a>(
    known: &mut HashMap<&'a str, u32>,
    families: &[FamilySpan],
    text: &'a str,
    at: usize,
    family: &FamilySpan,
) {
    let slot = known.entry(family.name.of(text)).or_insert(at as u32);
    if families[*slot as usize].kind == Kind::Untyped && family.kind != Kind::Untyped {
        *slot = at as u32;
    }
}
