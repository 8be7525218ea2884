//! What goes out for one series: its sample with what belongs to it, or its marker.

use exposition::remote_write::{Exemplar, Family, Full, Points, STALE, Sample as Point, bits};
use exposition::{Page, Sample};

use super::entry::{Entry, Skip};
use super::pass::Pass;
use super::{Shards, exemplars, origin};

/// Sends one sample of a series.
#[inline]
pub(super) fn sample(
    entry: &mut Entry,
    arena: &[u8],
    sample: &Sample<'_>,
    old: Option<&Sample<'_>>,
    family: &Family<'_>,
    pass: &mut Pass<'_>,
) {
    if entry.skip != Skip::Sent {
        pass.not_sent.count(entry.skip);
        return;
    }
    let stamp = sample.timestamp_ms();
    let at = stamp.unwrap_or(pass.at);
    entry.stamped = stamp.is_some();
    if at <= entry.last_ms {
        // A page shows a sample with a timestamp until there is a newer one.
        pass.not_sent.out_of_order += u64::from(stamp.is_none() || at < entry.last_ms);
        return;
    }
    let mut point = Point { bits: bits(sample.value()), timestamp_ms: at, ..Point::default() };
    let mut zero = None;
    if stamp.is_none() && origin::counts(family.kind, family.name, sample.name()) {
        let began = origin::began(entry, sample, old, pass);
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
    match pass.out.push(entry.hash, entry.labels(arena), family, &points) {
        Ok(()) => entry.last_ms = at,
        Err(Full) => pass.not_sent.too_large += 1,
    }
}

/// Sends the markers of some of the entries of these pages: each with its time.
pub(super) fn markers(
    pages: &[Page],
    mut ends: impl Iterator<Item = Option<(Entry, i64)>>,
    arena: &[u8],
    out: &mut Shards,
) {
    for family in pages.iter().flat_map(Page::families) {
        out.next_family();
        let meta = Family {
            name: family.name(),
            kind: family.kind(),
            help: "",
            unit: family.unit().unwrap_or_default(),
        };
        for (_, end) in family.samples().zip(ends.by_ref()) {
            let Some((entry, at)) = end else { continue };
            let marker = Point { bits: STALE, timestamp_ms: at, ..Point::default() };
            // What had room with a value has room with a marker.
            let _ = out.push(
                entry.hash,
                entry.labels(arena),
                &meta,
                &Points { samples: &[marker], ..Points::default() },
            );
        }
    }
}
