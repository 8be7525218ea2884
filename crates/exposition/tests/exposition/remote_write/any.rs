//! Batches by chance, beside what the messages made of them must say.

use std::ops::Range;
use std::sync::Arc;

use exposition::Kind;
use exposition::remote_write::message::{self, Count};
use exposition::remote_write::{
    Arena, Batch, Exemplar, Family, FamilyRef, Histogram, Points, Record, STALE, Sample, SeriesLabels,
    encode_labels,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::Message;

pub(super) const BASE: i64 = 1_700_000_000_000;

/// Names and values.
pub(super) type Texts = Vec<(String, String)>;

/// A series as it is put in.
#[derive(Debug, Clone)]
pub(super) struct One {
    pub(super) labels: Texts,
    pub(super) family: Option<usize>,
    pub(super) samples: Vec<Sample>,
    pub(super) exemplars: Vec<(Texts, u64, i64)>,
    pub(super) histograms: Vec<(message::Histogram, i64, i64)>,
}

/// A batch as it is put in.
#[derive(Debug, Clone)]
pub(super) struct All {
    pub(super) families: Vec<(String, Kind, String, String)>,
    pub(super) series: Vec<One>,
}

fn bits() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(STALE), Just((-0.0_f64).to_bits()), Just(f64::INFINITY.to_bits()), any::<u64>()]
}

fn timestamp() -> impl Strategy<Value = i64> {
    prop_oneof![8 => Just(BASE), 4 => BASE - 600_000..BASE + 600_000, 1 => any::<i64>(), 1 => Just(0)]
}

fn sample() -> impl Strategy<Value = Sample> {
    (bits(), timestamp(), prop_oneof![Just(0), timestamp()], proptest::bool::weighted(0.1))
        .prop_map(|(bits, timestamp_ms, start_ms, origin)| Sample { bits, timestamp_ms, start_ms, origin })
}

/// Few names and values, so that symbols are shared; some beyond the classic alphabet, some long.
fn labels(size: Range<usize>) -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![8 => "[a-cA-C_]{1,2}", 1 => "é.?[a-c]", 1 => "[a-z]{120,140}"];
    let value = prop_oneof![8 => "[0-9]{1,2}", 1 => "\\PC{1,9}", 1 => "[a-z]{120,300}"];
    btree_map(name, value, size).prop_map(|labels| labels.into_iter().collect())
}

fn histogram() -> impl Strategy<Value = (message::Histogram, i64, i64)> {
    (vec(any::<i64>(), 0..5), any::<u64>(), -4..9_i32, timestamp(), prop_oneof![Just(0), timestamp()])
        .prop_map(|(positive_deltas, count, schema, timestamp, start)| {
            let count = Some(Count::Int(count));
            let histogram =
                message::Histogram { count, schema, sum: 1.5, positive_deltas, ..Default::default() };
            (histogram, timestamp, start)
        })
}

fn one() -> impl Strategy<Value = One> {
    let points =
        (vec(sample(), 0..4), vec((labels(0..3), bits(), timestamp()), 0..3), vec(histogram(), 0..2));
    (labels(0..6), "[a-c]{1,2}", proptest::option::of(0..4_usize), points).prop_map(
        |(mut labels, name, family, (samples, exemplars, histograms))| {
            labels.push(("__name__".to_owned(), name));
            One { labels, family, samples, exemplars, histograms }
        },
    )
}

pub(super) fn all() -> impl Strategy<Value = All> {
    let kinds = [Kind::Counter, Kind::Gauge, Kind::Histogram, Kind::Untyped, Kind::StateSet];
    let family = ("[a-c]{1,3}", proptest::sample::select(kinds.to_vec()), "\\PC{0,9}", "(|seconds)");
    (vec(family, 0..4), vec(one(), 0..12)).prop_map(|(families, series)| All { families, series })
}

pub(super) fn borrowed(labels: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    labels.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

impl One {
    fn labels(&self) -> SeriesLabels {
        SeriesLabels::new(borrowed(&self.labels)).unwrap()
    }

    fn push(&self, batch: &mut Batch, families: &[FamilyRef]) {
        let of_exemplars: Vec<_> =
            self.exemplars.iter().map(|(labels, ..)| encode_labels(borrowed(labels)).unwrap()).collect();
        let exemplars = self.exemplars.iter().zip(&of_exemplars);
        let exemplars: Vec<_> = exemplars
            .map(|((_, bits, at), labels)| Exemplar { labels, bits: *bits, timestamp_ms: *at })
            .collect();
        let messages: Vec<_> = self.histograms.iter().map(|(message, ..)| message.encode_to_vec()).collect();
        let histograms: Vec<_> = self
            .histograms
            .iter()
            .zip(&messages)
            .map(|((_, at, start), message)| Histogram { message, timestamp_ms: *at, start_ms: *start })
            .collect();
        let family = self.family.and_then(|at| families.get(at).copied());
        let points = Points { samples: &self.samples, exemplars: &exemplars, histograms: &histograms };
        batch.push(&self.labels(), family, &points).unwrap();
    }
}

impl All {
    fn batch(&self) -> (Batch, Vec<FamilyRef>) {
        let mut batch = Batch::new(BASE);
        let families =
            self.families.iter().map(|(name, kind, help, unit)| Family { name, kind: *kind, help, unit });
        let families = families.map(|family| batch.family(&family).unwrap()).collect();
        (batch, families)
    }

    pub(super) fn record(&self) -> Record {
        self.record_of(0..self.series.len())
    }

    /// With these series, in this order.
    pub(super) fn record_of(&self, which: impl IntoIterator<Item = usize>) -> Record {
        let (mut batch, families) = self.batch();
        which.into_iter().for_each(|at| self.series[at].push(&mut batch, &families));
        batch.finish()
    }

    /// With the labels elsewhere, where that can be; which series those are, then the others.
    pub(super) fn by_number(&self) -> (Record, Vec<usize>) {
        let (mut batch, families) = self.batch();
        let mut arena = Arena::default();
        let all: Vec<_> = self.series.iter().map(One::labels).collect();
        let numbers: Vec<_> = all.iter().map(|labels| arena.add(labels.bytes()).unwrap()).collect();
        let (arena, mut first, mut others) = (Arc::new(arena), Vec::new(), Vec::new());
        for (at, one) in self.series.iter().enumerate() {
            let family = one.family.and_then(|at| families.get(at).copied());
            let is_row = match one.samples.as_slice() {
                [sample] if one.exemplars.is_empty() && one.histograms.is_empty() && all[at].is_classic() => {
                    batch.reserve_rows(&arena, at % 3);
                    batch.row(&arena, numbers[at], family, sample).unwrap()
                }
                _ => false,
            };
            if is_row {
                first.push(at);
            } else {
                one.push(&mut batch, &families);
                others.push(at);
            }
        }
        first.extend(others);
        (batch.finish(), first)
    }
}
