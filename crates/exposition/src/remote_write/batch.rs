//! Many samples of many series as one piece, written as they come.

use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;

use super::arena::Arena;
use super::few::Few;
use super::labels::LabelsRef;
use super::record::{HEAD, MAX_RAW, PLAIN, Record, Totals, VERSION};
use super::rows::Rows;
use super::series::{Exemplar, Histogram, Sample, flag};
use super::wire::{put_varint, varint_len, zigzag};
use crate::kind::Kind;

/// What is known of a family of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family<'a> {
    /// The family's name: for a histogram, without `_bucket`, `_sum`, `_count`.
    pub name: &'a str,
    /// Its type.
    pub kind: Kind,
    /// Its help text, escapes undone. Empty in most batches: sent with each, it makes 2.0 longer than 1.0.
    pub help: &'a str,
    /// Its unit, mostly empty.
    pub unit: &'a str,
}

/// A family of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyRef(u32);

impl FamilyRef {
    /// Its place from 1: 0 is none.
    #[inline]
    pub(super) fn place(family: Option<Self>) -> u32 {
        family.map_or(0, |family| family.0 + 1)
    }

    #[inline]
    pub(super) fn at(place: u32) -> Option<Self> {
        place.checked_sub(1).map(Self)
    }
}

/// What a series has in a batch. Samples are in ascending order of time, and so are histograms.
#[derive(Debug, Clone, Copy, Default)]
pub struct Points<'a> {
    /// Float samples.
    pub samples: &'a [Sample],
    /// Exemplars.
    pub exemplars: &'a [Exemplar<'a>],
    /// Native histograms.
    pub histograms: &'a [Histogram<'a>],
}

/// The batch has no room for what was to be added; nothing of that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a batch of more than {MAX_RAW} bytes")]
pub struct Full;

/// A batch being written. Becomes a [`Record`].
#[derive(Debug)]
pub struct Batch {
    /// Behind the first bytes of a record that is kept as it is.
    series: Vec<u8>,
    families: Vec<u8>,
    totals: Totals,
    /// Samples whose labels are not copied.
    rows: Option<Rows>,
}

impl Batch {
    /// An empty batch. Timestamps near `base_ms` (milliseconds since 1970) are kept in the fewest bytes:
    /// the time of the scrape.
    pub fn new(base_ms: i64) -> Self {
        let (series, totals) = (vec![VERSION, PLAIN], Totals { base_ms, ..Totals::default() });
        Self { series, families: Vec::new(), totals, rows: None }
    }

    /// Makes room for so many bytes of series and families at once.
    pub fn reserve(&mut self, bytes: usize) {
        self.series.reserve(bytes.min(MAX_RAW));
    }

    /// Adds a family for series to refer to. It is not looked for among those that are there.
    pub fn family(&mut self, family: &Family<'_>) -> Result<FamilyRef, Full> {
        let texts = [family.name, family.help, family.unit];
        let len = texts.iter().map(|text| varint_len(text.len() as u64) + text.len()).sum::<usize>() + 1;
        self.room(len)?;
        self.families.push(kind_number(family.kind));
        for text in texts {
            put_varint(&mut self.families, text.len() as u64);
            self.families.extend_from_slice(text.as_bytes());
        }
        self.totals.families += 1;
        Ok(FamilyRef(self.totals.families - 1))
    }

    /// Adds one sample of a series.
    #[inline]
    pub fn sample<'a>(
        &mut self,
        labels: impl Into<LabelsRef<'a>>,
        family: Option<FamilyRef>,
        sample: Sample,
    ) -> Result<(), Full> {
        let LabelsRef { bytes: labels, classic } = labels.into();
        self.room(labels.len() + 72)?;
        let (mut head, mut tail) = (Few::new(), Few::new());
        head.varint(labels.len() as u64);
        tail.varint(FamilyRef::place(family).into());
        tail.byte(if classic { flag::ONE } else { flag::ONE | flag::UTF8 });
        tail.sample(&sample, self.totals.base_ms);
        let out = &mut self.series;
        out.extend_from_slice(head.bytes());
        out.extend_from_slice(labels);
        out.extend_from_slice(tail.bytes());
        self.totals.series += 1;
        self.totals.samples += 1;
        Ok(())
    }

    /// Adds one sample of a series by the number of its labels, which have names of the classic alphabet and are not
    /// copied. Whether it could be added so: not at another time than the batch's, nor behind others of another
    /// arena. A series must not be added twice.
    #[inline]
    pub fn row(
        &mut self,
        arena: &Arc<Arena>,
        number: u32,
        family: Option<FamilyRef>,
        sample: &Sample,
    ) -> Result<bool, Full> {
        // Of what was reserved it is known that it has room.
        if !self.rows_of(arena).is_some_and(|rows| rows.has_room()) {
            self.room(Rows::MOST)?;
        }
        let added = self.rows_of(arena).is_some_and(|rows| rows.push(number, family, sample));
        if added {
            self.totals.series += 1;
            self.totals.samples += 1;
        }
        Ok(added)
    }

    /// Makes room for so many samples by number at once.
    pub fn reserve_rows(&mut self, arena: &Arc<Arena>, count: usize) {
        if self.rows_of(arena).is_some()
            && self.room(Rows::MOST * count).is_ok()
            && let Some(rows) = self.rows_of(arena)
        {
            rows.reserve(count);
        }
    }

    /// The samples by number, if they are of this arena, or there are none yet.
    #[inline]
    fn rows_of(&mut self, arena: &Arc<Arena>) -> Option<&mut Rows> {
        if self.rows.is_none() {
            self.rows = Rows::new(arena, self.totals.base_ms);
        }
        self.rows.as_mut().filter(|rows| Arc::ptr_eq(&rows.arena, arena))
    }

    /// Adds what a series has. One without any points is left out.
    pub fn push<'a>(
        &mut self,
        labels: impl Into<LabelsRef<'a>>,
        family: Option<FamilyRef>,
        points: &Points<'_>,
    ) -> Result<(), Full> {
        let Points { samples, exemplars, histograms } = *points;
        let LabelsRef { bytes: labels, classic } = labels.into();
        if samples.is_empty() && exemplars.is_empty() && histograms.is_empty() {
            return Ok(());
        }
        let kept = exemplars.iter().map(|exemplar| 32 + exemplar.labels.len()).sum::<usize>()
            + histograms.iter().map(|histogram| 32 + histogram.message.len()).sum::<usize>();
        self.room(labels.len() + 40 + 32 * samples.len() + kept)?;
        let out = &mut self.series;
        put_varint(out, labels.len() as u64);
        out.extend_from_slice(labels);
        put_varint(out, FamilyRef::place(family).into());
        let mut flags = if classic { 0 } else { flag::UTF8 };
        flags |= if samples.len() == 1 { flag::ONE } else { 0 };
        flags |= if exemplars.is_empty() { 0 } else { flag::EXEMPLARS };
        flags |= if histograms.is_empty() { 0 } else { flag::HISTOGRAMS };
        out.push(flags);
        let base = self.totals.base_ms;
        if samples.len() != 1 {
            put_varint(out, samples.len() as u64);
        }
        for sample in samples {
            out.extend_from_slice(Few::of(sample, base).bytes());
        }
        if !exemplars.is_empty() {
            put_varint(out, exemplars.len() as u64);
        }
        for exemplar in exemplars {
            put_varint(out, exemplar.labels.len() as u64);
            out.extend_from_slice(exemplar.labels);
            out.extend_from_slice(&exemplar.bits.to_le_bytes());
            put_varint(out, zigzag(exemplar.timestamp_ms.wrapping_sub(base)));
        }
        if !histograms.is_empty() {
            put_varint(out, histograms.len() as u64);
        }
        for histogram in histograms {
            let times = Sample {
                bits: 0,
                timestamp_ms: histogram.timestamp_ms,
                start_ms: histogram.start_ms,
                origin: false,
            };
            out.extend_from_slice(Few::of(&times, base).bytes());
            put_varint(out, histogram.message.len() as u64);
            out.extend_from_slice(histogram.message);
        }
        self.totals.series += 1;
        self.totals.samples += u32::try_from(samples.len() + histograms.len()).map_err(|_| Full)?;
        Ok(())
    }

    /// Takes the series of another record behind its own, and its families, which those refer to, too; `totals`: of
    /// all of them.
    pub(super) fn go_on(&mut self, series: &[u8], families: &[u8], totals: Totals) {
        self.series.extend_from_slice(series);
        self.families.extend_from_slice(families);
        self.totals = totals;
    }

    fn room(&self, more: usize) -> Result<(), Full> {
        if self.bytes() + more > MAX_RAW { Err(Full) } else { Ok(()) }
    }

    /// How many bytes it has, about: as many as its 1.0 message without compression.
    #[inline]
    pub fn bytes(&self) -> usize {
        let rows = self.rows.as_ref().map_or(0, Rows::most_raw_len);
        self.series.len() - HEAD + self.families.len() + Totals::LEN + rows
    }

    /// How many samples it has; a native histogram is one.
    pub fn samples(&self) -> usize {
        self.totals.samples as usize
    }

    /// How many series it has; one that was added twice counts twice.
    pub fn series(&self) -> usize {
        self.totals.series as usize
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.totals.series == 0 && self.totals.families == 0
    }

    /// Ends the batch.
    pub fn finish(mut self) -> Record {
        let rows = self.rows.take().and_then(Rows::done);
        self.totals.series_len = u32::try_from(self.series.len() - HEAD).unwrap_or(u32::MAX);
        let mut plain = self.series;
        plain.reserve_exact(self.families.len() + Totals::LEN);
        plain.extend_from_slice(&self.families);
        self.totals.put(&mut plain);
        // Whoever keeps it counts its length.
        if plain.capacity() > plain.len() + plain.len() / 4 {
            plain.shrink_to_fit();
        }
        Record::whole(Bytes::from(plain), self.totals, rows)
    }
}

/// The number of a type, which is the same in 1.0's and in 2.0's `MetricType`.
pub(super) fn kind_number(kind: Kind) -> u8 {
    match kind {
        Kind::Untyped => 0,
        Kind::Counter => 1,
        Kind::Gauge => 2,
        Kind::Histogram => 3,
        Kind::GaugeHistogram => 4,
        Kind::Summary => 5,
        Kind::Info => 6,
        Kind::StateSet => 7,
    }
}

/// The inverse of [`kind_number`].
pub(super) fn kind_of(number: u8) -> Option<Kind> {
    Some(match number {
        0 => Kind::Untyped,
        1 => Kind::Counter,
        2 => Kind::Gauge,
        3 => Kind::Histogram,
        4 => Kind::GaugeHistogram,
        5 => Kind::Summary,
        6 => Kind::Info,
        7 => Kind::StateSet,
        _ => return None,
    })
}
