//! The series of a page that are known from the page before, and what is sent of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use exposition::protobuf::Natives;
use exposition::remote_write::{Arena, Cursor, Family};
use exposition::{Filled, Page, Sample, Sheet};
use foldhash::fast::RandomState;

use super::Shards;
use super::entry::{Entry, Skip};
use super::find::Before;
use super::pass::Pass;
use super::sending::{self, Kept};
use crate::snapshot::Snapshot;

/// Bytes of labels of series that are gone, of which a few may stay.
const FEW: usize = 64 << 10;

/// The type of a family: the lines of native histograms have none themselves.
#[inline]
pub(super) fn kind(family: &exposition::Family<'_>, natives: Option<&Natives>) -> exposition::Kind {
    let first = natives.and_then(|natives| natives.of(&family.samples().next()?));
    first.map_or(family.kind(), |native| native.kind)
}

/// What is said of a family in a batch.
pub(super) fn meta<'a>(
    family: &exposition::Family<'a>,
    kind: exposition::Kind,
    help: Option<&'a str>,
) -> Family<'a> {
    let (help, unit) = (help.unwrap_or_default(), family.unit().unwrap_or_default());
    Family { name: family.name(), kind, help, unit }
}

/// The series of some pages of a source.
///
/// The text of the lines is not kept twice: it is that of the last snapshot, which pulls keep as well.
#[derive(Debug)]
pub(super) struct Known {
    of: Option<Arc<Snapshot>>,
    /// Which pages of a snapshot.
    pages: fn(&Snapshot) -> Vec<Cow<'_, Page>>,
    /// Those, where they are one that is kept as values.
    filled: fn(&Snapshot) -> Option<&Filled>,
    /// Where the histograms are that the lines of those stand for, if they do.
    natives: fn(&Snapshot) -> Option<&Natives>,
    /// One for each sample of the pages, in their order.
    entries: Vec<Entry>,
    /// The encoded labels of all of them, which records have, too.
    arena: Arc<Arena>,
    /// They have not ended.
    live: bool,
    /// When the families are to be explained again.
    explain_ms: i64,
}

/// These pages, if they are one that is kept as values.
fn filled(sheets: &[Sheet]) -> Option<&Filled> {
    match sheets {
        [Sheet::Filled(filled)] => Some(filled),
        _ => None,
    }
}

/// Where a label set was found.
#[derive(Clone, Copy)]
enum Place {
    Before(usize),
    Now(usize),
}

/// Which label sets there are; made only where a line is not found by its text.
type ByLabels = HashMap<u64, Place, RandomState>;

impl Known {
    fn of(pages: fn(&Snapshot) -> Vec<Cow<'_, Page>>) -> Self {
        Self {
            of: None,
            pages,
            filled: |_| None,
            natives: |_| None,
            entries: Vec::new(),
            arena: Arc::default(),
            live: false,
            explain_ms: i64::MIN,
        }
    }

    /// The series of what the agent itself says of a source.
    pub(super) fn report() -> Self {
        Self {
            filled: |snapshot| filled(snapshot.pages.get(..1)?),
            ..Self::of(|snapshot| snapshot.pages.iter().take(1).map(Sheet::page).collect())
        }
    }

    /// The series of a source.
    pub(super) fn values() -> Self {
        Self {
            filled: |snapshot| filled(snapshot.pages.get(1..)?),
            ..Self::of(|snapshot| snapshot.written(1))
        }
    }

    /// The series of native histograms.
    pub(super) fn natives() -> Self {
        fn page(snapshot: &Snapshot) -> Vec<Cow<'_, Page>> {
            snapshot.natives.iter().map(|natives| Cow::Borrowed(natives.page())).collect()
        }
        Self { natives: |snapshot| snapshot.natives.as_ref(), ..Self::of(page) }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Sends the samples of a good reading, and markers for series that it does not have any more.
    pub(super) fn feed(&mut self, snapshot: &Arc<Snapshot>, pass: &mut Pass<'_>) {
        let old = self.of.replace(Arc::clone(snapshot));
        let explains = pass.at >= self.explain_ms;
        match old.as_deref().and_then(self.filled).zip((self.filled)(snapshot)) {
            Some((before, filled)) if self.fits(before, filled) => self.again(filled, before, explains, pass),
            _ => self.anew(snapshot, old.as_deref(), explains, pass),
        }
        self.live = true;
        if explains {
            self.explain_ms = pass.told.again(pass.at);
        }
    }

    /// Whether both have the series of the entries at their places.
    fn fits(&self, before: &Filled, filled: &Filled) -> bool {
        filled.is_of_one_form(before) && filled.values().len() == self.entries.len()
    }

    /// Sends the samples of a page, each by the entry at its place.
    fn again(&mut self, filled: &Filled, before: &Filled, explains: bool, pass: &mut Pass<'_>) {
        pass.out.reserve(&self.arena, self.entries.len());
        let values = filled.values().iter().zip(before.values());
        let (mut known, mut cursor) = (self.entries.iter_mut().zip(values), Cursor::default());
        for (family, samples) in filled.families() {
            pass.out.next_family();
            let help = if explains && pass.told.is_due(&family, pass.at) { family.help() } else { None };
            let meta = meta(&family, family.kind(), help.as_deref());
            for (entry, (value, old)) in known.by_ref().take(samples.len()) {
                let labels = Kept { arena: &self.arena, cursor: &mut cursor, before: true };
                sending::value(entry, labels, (*value, *old), &meta, pass);
            }
        }
    }

    /// The same for a page of which nothing is known: each of its lines is looked for on the page before.
    fn anew(
        &mut self,
        snapshot: &Arc<Snapshot>,
        old: Option<&Snapshot>,
        explains: bool,
        pass: &mut Pass<'_>,
    ) {
        let pages = (self.pages)(snapshot);
        let (natives, natives_before) = ((self.natives)(snapshot), old.and_then(self.natives));
        let pages_before = old.map_or_else(Vec::new, self.pages);
        let mut before = Before::new(&pages_before);
        let labels_before = self.arena.count();
        let mut entries = Vec::with_capacity(pages.iter().map(|page| page.sample_count()).sum());
        let (mut found, mut by_labels, mut cursor) = (0, None, Cursor::default());
        for family in pages.iter().flat_map(|page| page.families()) {
            pass.out.next_family();
            let help = if explains && pass.told.is_due(&family, pass.at) { family.help() } else { None };
            let meta = meta(&family, kind(&family, natives), help.as_deref());
            for sample in family.samples() {
                let place = before.find(sample.series_text());
                let (mut entry, place) = match place {
                    Some(place) => (self.take(place), Some(place)),
                    None => self.unknown(&sample, &entries, &mut by_labels, pass),
                };
                found += usize::from(place.is_some() && entry.skip != Skip::Duplicate);
                let old = place.and_then(|place| before.sample(place));
                let labels = Kept { arena: &self.arena, cursor: &mut cursor, before: place.is_some() };
                match natives.and_then(|natives| natives.of(&sample)) {
                    None => sending::sample(&mut entry, labels, &sample, old.as_ref(), &meta, pass),
                    Some(native) => {
                        let old = natives_before.zip(old.as_ref()).and_then(|(all, line)| all.of(line));
                        sending::native(&mut entry, labels, &sample, (native, old), &meta, pass);
                    }
                }
                entries.push(entry);
            }
        }
        let gone = std::mem::replace(&mut self.entries, entries);
        if found < gone.len() {
            self.left(&gone, old, pass);
            self.compact();
        }
        // Mostly the next page has no other series.
        if self.arena.count() != labels_before {
            Arc::make_mut(&mut self.arena).shrink();
        }
    }

    /// The entry at this place of the page before; that of a duplicate if it was found already.
    #[inline]
    fn take(&mut self, place: usize) -> Entry {
        match self.entries.get_mut(place) {
            Some(entry) if entry.skip != Skip::Taken => {
                let taken = *entry;
                entry.skip = Skip::Taken;
                taken
            }
            _ => Entry::skipped(Skip::Duplicate),
        }
    }

    /// The entry of a line that did not stand on the page before. Its series may have, spelt otherwise.
    fn unknown(
        &mut self,
        sample: &Sample<'_>,
        now: &[Entry],
        by_labels: &mut Option<ByLabels>,
        pass: &Pass<'_>,
    ) -> (Entry, Option<usize>) {
        let labels = match pass.labeller.labels(sample) {
            Ok(Some(labels)) => labels,
            Ok(None) => return (Entry::skipped(Skip::Dropped), None),
            Err(_) => return (Entry::skipped(Skip::Labels), None),
        };
        let by_labels = by_labels.get_or_insert_with(|| {
            let sent = |entries: &[Entry], place: fn(usize) -> Place| -> Vec<(u64, Place)> {
                let all = entries.iter().enumerate().filter(|(_, entry)| entry.skip == Skip::Sent);
                all.map(|(at, entry)| (entry.hash, place(at))).collect()
            };
            // Those of the page before last: of an entry on both, that is where it was taken from.
            sent(now, Place::Now).into_iter().chain(sent(&self.entries, Place::Before)).collect()
        });
        let found = by_labels.get(&labels.hash()).copied();
        let is_same = |entry: Option<&Entry>| {
            let mut cursor = Cursor::default();
            entry.is_some_and(|entry| entry.labels(&self.arena, &mut cursor).bytes == labels.bytes())
        };
        match found {
            Some(Place::Before(at)) if is_same(self.entries.get(at)) => return (self.take(at), Some(at)),
            Some(Place::Now(at)) if is_same(now.get(at)) => {
                return (Entry::skipped(Skip::Duplicate), None);
            }
            Some(_) => {}
            None => {
                by_labels.insert(labels.hash(), Place::Now(now.len()));
            }
        }
        (Entry::new((&labels).into(), labels.hash(), Arc::make_mut(&mut self.arena)), None)
    }

    /// Ends the series that were not found again.
    fn left(&self, gone: &[Entry], old: Option<&Snapshot>, pass: &mut Pass<'_>) {
        if self.live
            && let Some(old) = old
        {
            let gone = gone.iter().map(|entry| entry.ends(pass.at).map(|at| (*entry, at)));
            sending::markers(&(self.pages)(old), (self.natives)(old), gone, &self.arena, pass.out);
        }
    }

    /// Ends all series: nothing could be read.
    pub(super) fn stale(&mut self, at: i64, out: &mut Shards) {
        if !std::mem::replace(&mut self.live, false) {
            return;
        }
        let Some(of) = &self.of else { return };
        let all = self.entries.iter().map(|entry| entry.ends(at).map(|at| (*entry, at)));
        sending::markers(&(self.pages)(of), (self.natives)(of), all, &self.arena, out);
        for entry in &mut self.entries {
            entry.last_ms = entry.ends(at).unwrap_or(entry.last_ms);
        }
    }

    /// Gives back what labels of series took that are gone.
    fn compact(&mut self) {
        let least = self.entries.len().saturating_mul(2);
        // A few are not worth it, unless they are long.
        let few = self.arena.count() <= least.saturating_add(64) && self.arena.whole() <= FEW;
        if self.arena.count() <= least || few {
            return;
        }
        let (old, mut cursor) = (std::mem::take(&mut self.arena), Cursor::default());
        let arena = Arc::make_mut(&mut self.arena);
        for entry in &mut self.entries {
            *entry = entry.moved(entry.labels(&old, &mut cursor), arena);
        }
    }
}
