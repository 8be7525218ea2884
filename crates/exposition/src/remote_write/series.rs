//! What a record holds of one series, read where it lies.

use std::fmt;

use super::labels::LabelPairs;
use super::wire::{Input, unzigzag};

/// Bits of the flags of a series and of a sample.
pub(super) mod flag {
    /// A series with one sample: its count is not written.
    pub(in super::super) const ONE: u8 = 1;
    pub(in super::super) const EXEMPLARS: u8 = 2;
    pub(in super::super) const HISTOGRAMS: u8 = 4;
    /// A series with names beyond the classic alphabet.
    pub(in super::super) const UTF8: u8 = 8;
    /// A sample with a start.
    pub(in super::super) const START: u8 = 1;
    pub(in super::super) const ORIGIN: u8 = 2;
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// The value as bits, so that staleness markers stay what they are ([`super::bits`], [`super::STALE`]).
    pub bits: u64,
    /// When it was so, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// When the series began to count, in milliseconds since 1970; 0 where that is not known.
    pub start_ms: i64,
    /// The zero with which a counter began. It stands where starts cannot be said: 1.0 sends it, and 2.0,
    /// which sends starts, only when it is asked to.
    pub origin: bool,
}

/// One observation that stands for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exemplar<'a> {
    /// Its labels, from [`super::encode_labels`].
    pub labels: &'a [u8],
    /// The value as bits.
    pub bits: u64,
    /// When it was observed, in milliseconds since 1970.
    pub timestamp_ms: i64,
}

/// A native histogram at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Histogram<'a> {
    /// [`super::message::Histogram`] as bytes, without timestamps: they are added when it is sent.
    pub message: &'a [u8],
    /// When it was so, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// When it began to count, in milliseconds since 1970; 0 where that is not known.
    pub start_ms: i64,
}

/// One series of a record.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    pub(super) labels: &'a [u8],
    /// Place of its family in the record, from 1; 0 for none.
    pub(super) family: u32,
    pub(super) flags: u8,
    pub(super) base: i64,
    pub(super) samples: (u32, Input<'a>),
    pub(super) exemplars: (u32, Input<'a>),
    pub(super) histograms: (u32, Input<'a>),
}

impl<'a> Series<'a> {
    /// The encoded labels.
    pub fn label_bytes(&self) -> &'a [u8] {
        self.labels
    }

    /// The labels one by one.
    pub fn pairs(&self) -> LabelPairs<'a> {
        LabelPairs::new(self.labels)
    }

    /// Whether all names are of the classic alphabet.
    pub fn is_classic(&self) -> bool {
        self.flags & flag::UTF8 == 0
    }

    /// The samples in order of time.
    pub fn samples(&self) -> impl Iterator<Item = Sample> + use<'a> {
        let (mut left, mut input) = self.samples;
        let base = self.base;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            sample(&mut input, base)
        })
    }

    /// The exemplars.
    pub fn exemplars(&self) -> impl Iterator<Item = Exemplar<'a>> + use<'a> {
        let (mut left, mut input) = self.exemplars;
        let base = self.base;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            exemplar(&mut input, base)
        })
    }

    /// The native histograms in order of time.
    pub fn histograms(&self) -> impl Iterator<Item = Histogram<'a>> + use<'a> {
        let (mut left, mut input) = self.histograms;
        let base = self.base;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            histogram(&mut input, base)
        })
    }
}

/// The series for people: `a{x="1"}`.
impl fmt::Display for Series<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pairs().fmt(f)
    }
}

/// The series of a record in its order. Ends at the first fault, of which a checked record has none.
#[derive(Debug, Clone)]
pub struct SeriesIter<'a> {
    pub(super) input: Input<'a>,
    pub(super) base: i64,
}

impl<'a> SeriesIter<'a> {
    /// The labels and the sample of the next series, if it has one sample, names of the classic alphabet, and nothing
    /// else: nearly all are so. Otherwise it is still the next one.
    #[inline]
    pub(super) fn next_plain(&mut self) -> Option<(&'a [u8], Sample)> {
        let mut ahead = self.input;
        let labels = ahead.piece()?;
        ahead.varint()?;
        if ahead.byte()? != flag::ONE {
            return None;
        }
        let sample = sample(&mut ahead, self.base)?;
        self.input = ahead;
        Some((labels, sample))
    }
}

impl<'a> Iterator for SeriesIter<'a> {
    type Item = Series<'a>;

    #[inline]
    fn next(&mut self) -> Option<Series<'a>> {
        let input = &mut self.input;
        let labels = input.piece()?;
        let family = u32::try_from(input.varint()?).ok()?;
        let flags = input.byte()?;
        let base = self.base;
        let count = |input: &mut Input<'a>| u32::try_from(input.varint()?).ok();
        let samples = if flags & flag::ONE == 0 { count(input)? } else { 1 };
        let samples = (samples, *input);
        for _ in 0..samples.0 {
            sample(input, base)?;
        }
        let exemplars = if flags & flag::EXEMPLARS == 0 { 0 } else { count(input)? };
        let exemplars = (exemplars, *input);
        for _ in 0..exemplars.0 {
            exemplar(input, base)?;
        }
        let histograms = if flags & flag::HISTOGRAMS == 0 { 0 } else { count(input)? };
        let histograms = (histograms, *input);
        for _ in 0..histograms.0 {
            histogram(input, base)?;
        }
        Some(Series { labels, family, flags, base, samples, exemplars, histograms })
    }
}

#[inline]
fn sample(input: &mut Input<'_>, base: i64) -> Option<Sample> {
    let flags = input.byte()?;
    let bits = input.u64()?;
    let timestamp_ms = unzigzag(input.varint()?).wrapping_add(base);
    let start = flags & flag::START != 0;
    let start_ms = if start { unzigzag(input.varint()?).wrapping_add(base) } else { 0 };
    Some(Sample { bits, timestamp_ms, start_ms, origin: flags & flag::ORIGIN != 0 })
}

fn exemplar<'a>(input: &mut Input<'a>, base: i64) -> Option<Exemplar<'a>> {
    let labels = input.piece()?;
    let bits = input.u64()?;
    Some(Exemplar { labels, bits, timestamp_ms: unzigzag(input.varint()?).wrapping_add(base) })
}

fn histogram<'a>(input: &mut Input<'a>, base: i64) -> Option<Histogram<'a>> {
    let Sample { timestamp_ms, start_ms, .. } = sample(input, base)?;
    Some(Histogram { message: input.piece()?, timestamp_ms, start_ms })
}
