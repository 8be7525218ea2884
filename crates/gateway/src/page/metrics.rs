//! `/metrics` as text 0.0.4, made from the stored text piece by piece, and without a lock.

pub(super) mod own;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use exposition::{Page, encode};

use self::own::Own;
use crate::groups::{Id, Shown, Snapshot};

/// Bytes of a piece; one family of one group is never cut, so a piece may be longer by that.
const PIECE: usize = 64 << 10;

/// All groups and the gateway's own metrics, families sorted by name, in pieces.
#[derive(Debug)]
pub struct Metrics {
    snapshot: Snapshot,
    own: Vec<Own>,
    /// The moment that is shown: counters may begin at 0 until some time.
    now: Instant,
    /// The gateway's own families that were written.
    done: usize,
    /// The pushed family to be written next.
    next: Option<Arc<str>>,
    /// What is under way: lines of our own, then the groups' from this one on.
    at: Option<At>,
}

#[derive(Debug)]
struct At {
    own: Option<(usize, Id)>,
    pushed: Option<(Arc<str>, Id)>,
}

impl Metrics {
    /// Begins at the first family.
    pub fn new(snapshot: Snapshot, own: &Page) -> Self {
        let own = own::families(own);
        let next = snapshot.families().next().map(|family| family.name().into());
        Self { snapshot, own, now: Instant::now(), done: 0, next, at: None }
    }

    /// About how many bytes there will be.
    pub fn bytes(&self) -> usize {
        let own: usize = self.own.iter().map(|own| own.bytes(&self.snapshot)).sum();
        self.snapshot.bytes() + own
    }

    /// Writes on until there are `most` bytes, or all; says whether more is to come.
    pub fn write(&mut self, most: usize, out: &mut Vec<u8>) -> bool {
        loop {
            if self.at.is_none() {
                self.at = self.begin(out);
            }
            let Some(at) = &mut self.at else { return false };
            if let Some((own, from)) = at.own {
                at.own = self.own[own].write(&self.snapshot, from, most, out).map(|from| (own, from));
            }
            if let (None, Some((name, from))) = (&at.own, &mut at.pushed) {
                let lines =
                    self.snapshot.family(name).map(|family| lines(&family, *from, self.now, most, out));
                match lines.flatten() {
                    Some(id) => *from = id,
                    None => at.pushed = None,
                }
            }
            if at.own.is_none() && at.pushed.is_none() {
                self.at = None;
            }
            if out.len() >= most {
                return true;
            }
        }
    }

    /// Writes the header of the next family.
    fn begin(&mut self, out: &mut Vec<u8>) -> Option<At> {
        let own = self.own.get(self.done).map(|own| own.name.as_str());
        let name: Arc<str> = match (own, &self.next) {
            (Some(own), Some(next)) if own < &**next => own.into(),
            (_, Some(next)) => Arc::clone(next),
            (own, None) => own?.into(),
        };
        let own = self.own.get(self.done).filter(|own| own.name == *name);
        let mut pushed = self.snapshot.families_from(&name).take(2);
        let (first, second) = (pushed.next(), pushed.next());
        let is_pushed = first.filter(|family| family.name() == &*name);
        if is_pushed.is_some() {
            self.next = second.map(|family| family.name().into());
        }
        // One help text a name: a scrape that shows two costs Prometheus a log line each time.
        let own_help = own.and_then(|own| own.help.as_deref());
        let pushed_help = || is_pushed.map(|family| family.help()).filter(|help| !help.is_empty());
        let kind = own.map(|own| own.kind).or(is_pushed.map(|family| family.kind));
        encode::header(&name, own_help.or_else(pushed_help), kind.unwrap_or_default(), out);
        let own = own.map(|_| (self.done, 0));
        self.done += usize::from(own.is_some());
        Some(At { own, pushed: is_pushed.is_some().then_some((name, 0)) })
    }
}

/// Writes what groups hold of a family from one of them on; the one to go on with.
fn lines(family: &Shown<'_>, from: Id, now: Instant, most: usize, out: &mut Vec<u8>) -> Option<Id> {
    for (id, held) in family.held_from(from) {
        if out.len() >= most {
            return Some(id);
        }
        out.extend_from_slice(held.lines_at(now));
    }
    None
}

impl Iterator for Metrics {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut piece = Vec::with_capacity(PIECE + PIECE / 8);
        self.write(PIECE, &mut piece);
        (!piece.is_empty()).then(|| piece.into())
    }
}

/// The whole text in one piece.
pub fn metrics(snapshot: &Snapshot, own: &Page) -> Vec<u8> {
    let mut pieces = Metrics::new(snapshot.clone(), own);
    let mut out = Vec::with_capacity(pieces.bytes());
    pieces.write(usize::MAX, &mut out);
    out
}
