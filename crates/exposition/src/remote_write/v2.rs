//! Remote write 2.0's message: `io.prometheus.write.v2.Request { 4: symbols, 5: timeseries }`.
//!
//! Written by hand; checked in tests against [`super::message::v2::Request`]. Source: types.proto of
//! 2.0-rc.4, in which a start stands in `Sample` (3) and in `Histogram` (17).

use super::batch::{self, Family};
use super::body::Counts;
use super::labels::LabelPairs;
use super::record::Record;
use super::series::{Exemplar, Histogram, Sample, Series};
use super::symbols::Symbols;
use super::v1::{double_len, field_len, int_len, put_double, put_int, put_len};
use super::wire::{put_varint, varint_len};

/// Pieces that are used again from series to series.
#[derive(Debug, Default)]
struct Scratch {
    series: Vec<u8>,
    refs: Vec<u8>,
    exemplars: Vec<u8>,
}

/// Writes all series of these records; the zeros at a counter's origin only with `origins`.
pub(super) fn request(records: &[Record], origins: bool, out: &mut Vec<u8>) -> Counts {
    let (mut symbols, mut counts, mut scratch) = (Symbols::new(), Counts::default(), Scratch::default());
    let mut all = Vec::new();
    for record in records {
        let families: Vec<Family<'_>> = record.families().collect();
        for series in record.series() {
            let family = (series.family as usize).checked_sub(1).and_then(|at| families.get(at));
            put_series(&series, family, origins, &mut symbols, &mut scratch, &mut counts, &mut all);
        }
    }
    out.reserve(symbols.encoded_len() + all.len());
    // Symbols first, so that a reader can resolve series as they come.
    symbols.put(out);
    out.extend_from_slice(&all);
    counts
}

fn put_series<'a>(
    series: &Series<'a>,
    family: Option<&Family<'a>>,
    origins: bool,
    symbols: &mut Symbols<'a>,
    scratch: &mut Scratch,
    counts: &mut Counts,
    out: &mut Vec<u8>,
) {
    let Scratch { series: points, refs, exemplars } = scratch;
    let metadata = family.map(|family| Metadata::of(family, symbols));
    refs.clear();
    symbols.series(series.pairs(), refs);
    exemplars.clear();
    // A message has samples or histograms, at least one, and never both ("Series"): two of a series' kinds
    // make two messages, and exemplars go with the first.
    points.clear();
    let mut own = 0;
    for sample in series.samples().filter(|sample| origins || !sample.origin) {
        own += 1;
        put_sample(points, &sample);
    }
    let mut waiting = series.exemplars.0;
    if own > 0 {
        counts.samples += own;
        counts.exemplars += waiting as usize;
        put_exemplars(series, symbols, exemplars);
        waiting = 0;
        put_message(out, refs, points, exemplars, metadata);
        exemplars.clear();
        points.clear();
    }
    let mut own = 0;
    for histogram in series.histograms() {
        own += 1;
        put_histogram(points, &histogram);
    }
    if own > 0 {
        counts.histograms += own;
        if waiting > 0 {
            counts.exemplars += waiting as usize;
            put_exemplars(series, symbols, exemplars);
        }
        put_message(out, refs, points, exemplars, metadata);
    }
}

/// `TimeSeries` as element of field 5.
fn put_message(out: &mut Vec<u8>, refs: &[u8], points: &[u8], exemplars: &[u8], metadata: Option<Metadata>) {
    let metadata = metadata.filter(|metadata| metadata.len() > 0);
    let about = metadata.map_or(0, |metadata| field_len(metadata.len()));
    put_len(out, 0x2a, field_len(refs.len()) + points.len() + exemplars.len() + about);
    put_len(out, 0x0a, refs.len());
    out.extend_from_slice(refs);
    out.extend_from_slice(points);
    out.extend_from_slice(exemplars);
    if let Some(metadata) = metadata {
        put_len(out, 0x2a, metadata.len());
        metadata.put(out);
    }
}

#[inline]
fn put_sample(out: &mut Vec<u8>, sample: &Sample) {
    let len = double_len(sample.bits) + int_len(1, sample.timestamp_ms) + int_len(1, sample.start_ms);
    put_len(out, 0x12, len);
    put_double(out, 0x09, sample.bits);
    put_int(out, 0x10, sample.timestamp_ms);
    put_int(out, 0x18, sample.start_ms);
}

fn put_histogram(out: &mut Vec<u8>, histogram: &Histogram<'_>) {
    let times = int_len(1, histogram.timestamp_ms) + int_len(2, histogram.start_ms);
    put_len(out, 0x1a, histogram.message.len() + times);
    out.extend_from_slice(histogram.message);
    put_int(out, 0x78, histogram.timestamp_ms);
    if histogram.start_ms != 0 {
        // Field 17, whose tag has two bytes.
        out.push(0x88);
        put_int(out, 0x01, histogram.start_ms);
    }
}

fn put_exemplars<'a>(series: &Series<'a>, symbols: &mut Symbols<'a>, out: &mut Vec<u8>) {
    for Exemplar { labels, bits, timestamp_ms } in series.exemplars() {
        let mut refs = Vec::new();
        for (name, value) in LabelPairs::new(labels) {
            put_varint(&mut refs, u64::from(symbols.of(name)));
            put_varint(&mut refs, u64::from(symbols.of(value)));
        }
        let of_labels = if refs.is_empty() { 0 } else { field_len(refs.len()) };
        put_len(out, 0x22, of_labels + double_len(bits) + int_len(1, timestamp_ms));
        if !refs.is_empty() {
            put_len(out, 0x0a, refs.len());
            out.extend_from_slice(&refs);
        }
        put_double(out, 0x11, bits);
        put_int(out, 0x18, timestamp_ms);
    }
}

/// `Metadata { 1: type, 3: help_ref, 4: unit_ref }`.
#[derive(Debug, Clone, Copy)]
struct Metadata {
    kind: u8,
    help: u32,
    unit: u32,
}

impl Metadata {
    fn of<'a>(family: &Family<'a>, symbols: &mut Symbols<'a>) -> Self {
        let (help, unit) = (symbols.of(family.help.as_bytes()), symbols.of(family.unit.as_bytes()));
        Self { kind: batch::kind_number(family.kind), help, unit }
    }

    fn fields(self) -> [(u8, u64); 3] {
        [(0x08, self.kind.into()), (0x18, self.help.into()), (0x20, self.unit.into())]
    }

    fn len(self) -> usize {
        let present = self.fields().into_iter().filter(|(_, value)| *value != 0);
        present.map(|(_, value)| 1 + varint_len(value)).sum()
    }

    fn put(self, out: &mut Vec<u8>) {
        for (tag, value) in self.fields().into_iter().filter(|(_, value)| *value != 0) {
            out.push(tag);
            put_varint(out, value);
        }
    }
}
