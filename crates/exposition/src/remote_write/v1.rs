//! Remote write 1.0's message: `WriteRequest { 1: timeseries, 3: metadata }`.
//!
//! Written by hand, as labels are there already in their final form; checked in tests against
//! [`super::message::WriteRequest`].

use std::collections::BTreeMap;

use super::batch::Family;
use super::body::Counts;
use super::few::Few;
use super::labels::{LabelPairs, put_label};
use super::record::Record;
use super::series::{Exemplar, Histogram, Sample, Series};
use super::wire::{put_varint, varint_len};
use super::{batch, message};
use crate::name;

/// Writes all series of these records.
///
/// With `classic`, names beyond the classic alphabet get `_` for each other character, as 1.0 demands;
/// without, they stay (VictoriaMetrics takes any). `take` may take what is written so far.
pub(super) fn series<E>(
    records: &[Record],
    classic: bool,
    out: &mut Vec<u8>,
    mut take: impl FnMut(&mut Vec<u8>) -> Result<(), E>,
) -> Result<Counts, E> {
    let (mut counts, mut scratch, mut plain) = (Counts::default(), Vec::new(), Plain::default());
    for record in records {
        let (rows, mut all) = record.parts();
        if let Some(rows) = rows {
            counts.samples += rows.len();
            rows.each(|labels, _, sample| {
                plain.put(labels, &sample, out);
                take(out)
            })?;
        }
        loop {
            while let Some((labels, sample)) = all.next_plain() {
                plain.put(labels, &sample, out);
                counts.samples += 1;
                take(out)?;
            }
            let Some(series) = all.next() else { break };
            let labels = if classic && !series.is_classic() {
                spell(series.pairs(), &mut scratch);
                &scratch
            } else {
                series.label_bytes()
            };
            put_series(&series, labels, out, &mut counts);
            take(out)?;
        }
    }
    Ok(counts)
}

/// A series with one sample, of which all but labels and value is mostly as in the series before.
#[derive(Default)]
struct Plain {
    /// The timestamp and its field.
    timestamp_ms: i64,
    time: Vec<u8>,
}

impl Plain {
    #[inline]
    fn put(&mut self, labels: &[u8], sample: &Sample, out: &mut Vec<u8>) {
        if sample.timestamp_ms != self.timestamp_ms {
            self.timestamp_ms = sample.timestamp_ms;
            self.time.clear();
            put_int(&mut self.time, 0x10, sample.timestamp_ms);
        }
        // Neither field is long: a length is one byte.
        let (mut value, len) = ([0x12, 0, 0x09, 0, 0, 0, 0, 0, 0, 0, 0], double_len(sample.bits));
        let (whole, mut head) = (labels.len() + 2 + len + self.time.len(), Few::new());
        head.byte(0x0a);
        head.varint(whole as u64);
        value[1] = (len + self.time.len()).to_le_bytes()[0];
        value[3..].copy_from_slice(&sample.bits.to_le_bytes());
        out.extend_from_slice(head.bytes());
        out.extend_from_slice(labels);
        out.extend_from_slice(&value[..2 + len]);
        out.extend_from_slice(&self.time);
    }
}

fn put_series(series: &Series<'_>, labels: &[u8], out: &mut Vec<u8>, counts: &mut Counts) {
    let samples: usize = series.samples().map(|sample| field_len(sample_len(&sample))).sum();
    let exemplars: usize = series.exemplars().map(|exemplar| field_len(exemplar_len(&exemplar))).sum();
    let histograms: usize = series.histograms().map(|histogram| field_len(histogram_len(&histogram))).sum();
    out.push(0x0a);
    put_varint(out, (labels.len() + samples + exemplars + histograms) as u64);
    out.extend_from_slice(labels);
    for sample in series.samples() {
        counts.samples += 1;
        put_len(out, 0x12, sample_len(&sample));
        put_double(out, 0x09, sample.bits);
        put_int(out, 0x10, sample.timestamp_ms);
    }
    for exemplar in series.exemplars() {
        counts.exemplars += 1;
        put_len(out, 0x1a, exemplar_len(&exemplar));
        out.extend_from_slice(exemplar.labels);
        put_double(out, 0x11, exemplar.bits);
        put_int(out, 0x18, exemplar.timestamp_ms);
    }
    for histogram in series.histograms() {
        counts.histograms += 1;
        put_len(out, 0x22, histogram_len(&histogram));
        out.extend_from_slice(histogram.message);
        put_int(out, 0x78, histogram.timestamp_ms);
    }
}

/// Writes the metadata of families.
pub(super) fn metadata<'a>(families: impl Iterator<Item = Family<'a>>, out: &mut Vec<u8>) {
    for family in families {
        let metadata = message::MetricMetadata {
            kind: i32::from(batch::kind_number(family.kind)),
            metric_family_name: family.name.to_owned(),
            help: family.help.to_owned(),
            unit: family.unit.to_owned(),
        };
        let bytes = prost::Message::encode_to_vec(&metadata);
        put_len(out, 0x1a, bytes.len());
        out.extend_from_slice(&bytes);
    }
}

/// The labels in classic spelling, sorted anew. Of two names that become one, the first keeps its label.
fn spell(labels: LabelPairs<'_>, out: &mut Vec<u8>) {
    let mut spelt = BTreeMap::new();
    for (name, value) in labels {
        let metric = name == b"__name__";
        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
        let value = if metric { name::underscored(&value).into_owned() } else { value.into_owned() };
        // A colon is for metric names only.
        let name = name::underscored(&name).replace(':', "_");
        spelt.entry(name).or_insert(value);
    }
    out.clear();
    for (name, value) in spelt {
        put_label(out, name.as_bytes(), value.as_bytes());
    }
}

#[inline]
fn sample_len(sample: &Sample) -> usize {
    double_len(sample.bits) + int_len(1, sample.timestamp_ms)
}

fn exemplar_len(exemplar: &Exemplar<'_>) -> usize {
    exemplar.labels.len() + double_len(exemplar.bits) + int_len(1, exemplar.timestamp_ms)
}

fn histogram_len(histogram: &Histogram<'_>) -> usize {
    histogram.message.len() + int_len(1, histogram.timestamp_ms)
}

/// A length-delimited field with a tag of one byte.
#[inline]
pub(super) fn field_len(len: usize) -> usize {
    1 + varint_len(len as u64) + len
}

#[inline]
pub(super) fn put_len(out: &mut Vec<u8>, tag: u8, len: usize) {
    out.push(tag);
    put_varint(out, len as u64);
}

/// A double is left out where all its bits are 0: -0 is another value, and is sent.
#[inline]
pub(super) fn double_len(bits: u64) -> usize {
    if bits == 0 { 0 } else { 9 }
}

#[inline]
pub(super) fn put_double(out: &mut Vec<u8>, tag: u8, bits: u64) {
    if bits != 0 {
        out.push(tag);
        out.extend_from_slice(&bits.to_le_bytes());
    }
}

/// An `int64` with a tag of so many bytes; left out where it is 0.
#[inline]
pub(super) fn int_len(tag: usize, value: i64) -> usize {
    if value == 0 { 0 } else { tag + varint_len(value.cast_unsigned()) }
}

#[inline]
pub(super) fn put_int(out: &mut Vec<u8>, tag: u8, value: i64) {
    if value != 0 {
        out.push(tag);
        put_varint(out, value.cast_unsigned());
    }
}
