//! What goes out for one series: its sample with what belongs to it, or its marker.

use std::borrow::Cow;
use std::sync::Arc;

use exposition::protobuf::{Native, Natives};
use exposition::remote_write::{
    Arena, Cursor, Exemplar, Family, Full, Histogram, Points, STALE, Sample as Point, bits,
};
use exposition::{Kind, Page, Sample};

use super::entry::{Entry, Skip, Trait};
use super::known::{kind, meta};
use super::origin::Began;
use super::pass::Pass;
use super::{Shards, exemplars, origin};

/// Where the labels of series are.
pub(super) struct Kept<'a> {
    pub(super) arena: &'a Arc<Arena>,
    pub(super) cursor: &'a mut Cursor,
    /// They were there before this page: who adds labels has the arena for itself.
    pub(super) before: bool,
}

/// Sends one sample of a series.
#[inline]
pub(super) fn sample(
    entry: &mut Entry,
    labels: Kept<'_>,
    sample: &Sample<'_>,
    old: Option<&Sample<'_>>,
    family: &Family<'_>,
    pass: &mut Pass<'_>,
) {
    let stamp = sample.timestamp_ms();
    let counts = origin::counts(family.kind, || sample.name().len() > family.name.len());
    entry.set(Trait::Counts, counts);
    let Some(at) = due(entry, stamp, pass) else { return };
    let mut point = Point { bits: bits(sample.value()), timestamp_ms: at, ..Point::default() };
    let mut zero = None;
    if stamp.is_none() && counts {
        let fell = old.map(|old| sample.value() < old.value());
        let created = (sample.created_ms(), old.and_then(Sample::created_ms));
        let began = origin::began(entry, created, fell, pass);
        (point.start_ms, zero) = (began.start_ms, began.zero_ms);
    }
    let exemplar = exemplars::new(sample, old);
    let exemplar = exemplar.as_ref().map(|exemplar| Exemplar {
        labels: &exemplar.labels,
        bits: exemplar.bits,
        timestamp_ms: exemplar.timestamp_ms.unwrap_or(at),
    });
    let zero = zero.map(|at| Point { bits: 0, timestamp_ms: at, start_ms: point.start_ms, origin: true });
    let samples = [zero.unwrap_or_default(), point];
    let samples = if zero.is_some() { &samples[..] } else { &samples[1..] };
    let points = Points { samples, exemplars: exemplar.as_slice(), histograms: &[] };
    push(entry, labels, family, (at, &points), pass);
}

/// The same for a page that is known to have neither timestamps nor exemplars; `old`: the value before.
#[inline]
pub(super) fn value(
    entry: &mut Entry,
    labels: Kept<'_>,
    (value, old): (f64, f64),
    family: &Family<'_>,
    pass: &mut Pass<'_>,
) {
    let Some(at) = due(entry, None, pass) else { return };
    let began = if entry.is(Trait::Counts) {
        origin::began(entry, (None, None), Some(value < old), pass)
    } else {
        Began::default()
    };
    let start_ms = began.start_ms;
    let zero = began.zero_ms.map(|at| Point { bits: 0, timestamp_ms: at, start_ms, origin: true });
    let point = Point { bits: bits(value), timestamp_ms: at, start_ms, origin: false };
    let (one, two) = ([point], [zero.unwrap_or_default(), point]);
    let points = Points { samples: if zero.is_some() { &two } else { &one }, ..Points::default() };
    push(entry, labels, family, (at, &points), pass);
}

/// Puts what there is of a series at a time into its batch.
#[inline]
fn push(
    entry: &mut Entry,
    labels: Kept<'_>,
    family: &Family<'_>,
    (at, points): (i64, &Points<'_>),
    pass: &mut Pass<'_>,
) {
    let Kept { arena, cursor, before } = labels;
    let by_number = match points {
        Points { samples: [sample], exemplars: [], histograms: [] } if before && entry.is(Trait::Classic) => {
            pass.out.row(entry.hash, (arena, entry.number), family, sample)
        }
        _ => Ok(false),
    };
    let sent = match by_number {
        Ok(false) => pass.out.push(entry.hash, entry.labels(arena, cursor), family, points),
        done => done.map(|_| ()),
    };
    match sent {
        Ok(()) => entry.last_ms = at,
        Err(Full) => pass.not_sent.too_large += 1,
    }
}

/// The time of a sample that is to be sent.
#[inline]
fn due(entry: &mut Entry, stamp: Option<i64>, pass: &mut Pass<'_>) -> Option<i64> {
    if entry.skip != Skip::Sent {
        pass.not_sent.count(entry.skip);
        return None;
    }
    let at = stamp.unwrap_or(pass.at);
    entry.set(Trait::Stamped, stamp.is_some());
    if at <= entry.last_ms {
        // A page shows a sample with a timestamp until there is a newer one.
        pass.not_sent.out_of_order += u64::from(stamp.is_none() || at < entry.last_ms);
        return None;
    }
    Some(at)
}

/// Sends a native histogram; `line` is its series.
pub(super) fn native(
    entry: &mut Entry,
    labels: Kept<'_>,
    line: &Sample<'_>,
    (it, old): (&Native, Option<&Native>),
    family: &Family<'_>,
    pass: &mut Pass<'_>,
) {
    let stamp = line.timestamp_ms();
    let Some(at) = due(entry, stamp, pass) else { return };
    let mut histogram = Histogram { message: &it.message, timestamp_ms: at, start_ms: 0 };
    if stamp.is_none() && it.kind == Kind::Histogram {
        let fell = old.map(|old| it.count < old.count);
        // There is no zero of a native histogram in 1.0: a start says it in 2.0.
        histogram.start_ms =
            origin::began(entry, (line.created_ms(), line.created_ms()), fell, pass).start_ms;
    }
    let known = old.map_or(&[][..], |old| &old.exemplars);
    let new = it.exemplars.iter().filter(|exemplar| !known.contains(exemplar));
    let exemplars: Vec<Exemplar<'_>> =
        new.map(|it| Exemplar { labels: &it.labels, bits: it.bits, timestamp_ms: it.timestamp_ms }).collect();
    let points = Points { samples: &[], exemplars: &exemplars, histograms: &[histogram] };
    push(entry, labels, family, (at, &points), pass);
}

/// Sends the markers of some of the entries of these pages: each with its time. Those of native histograms are
/// such themselves.
pub(super) fn markers(
    pages: &[Cow<'_, Page>],
    natives: Option<&Natives>,
    mut ends: impl Iterator<Item = Option<(Entry, i64)>>,
    arena: &Arena,
    out: &mut Shards,
) {
    let mut cursor = Cursor::default();
    for family in pages.iter().flat_map(|page| page.families()) {
        out.next_family();
        let meta = meta(&family, kind(&family, natives), None);
        for (line, end) in family.samples().zip(ends.by_ref()) {
            let Some((entry, at)) = end else { continue };
            let marker = [Point { bits: STALE, timestamp_ms: at, ..Point::default() }];
            let native = natives.and_then(|natives| natives.of(&line));
            let message = native.map(|native| Native::stale(native.is_float));
            let histogram =
                message.as_deref().map(|message| Histogram { message, timestamp_ms: at, start_ms: 0 });
            let points = match &histogram {
                Some(_) => Points { histograms: histogram.as_slice(), ..Points::default() },
                None => Points { samples: &marker, ..Points::default() },
            };
            // What had room with a value has room with a marker.
            let _ = out.push(entry.hash, entry.labels(arena, &mut cursor), &meta, &points);
        }
    }
}
