//! Samples as rows: values of series whose labels are kept beside, for all readings of one target.
//!
//! Most samples are one value of a series that was there before, at the time of the scrape. As long as such a record
//! stays in the process, its labels need not be copied: they are put into the request, or into the bytes for a disk.

use std::sync::Arc;

use super::arena::{Arena, Cursor};
use super::batch::{Batch, FamilyRef};
use super::labels::LabelsRef;
use super::record::MAX_RAW;
use super::series::Sample;

/// One sample, of a series with names of the classic alphabet.
#[derive(Debug, Clone, Copy)]
struct Row {
    bits: u64,
    /// Of its labels.
    number: u32,
    /// Place of its family from 1, doubled; odd, where it has the start of all that have one.
    family: u32,
}

/// What a row has to be the same for all: where its labels are, its time, and its start if it has one.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) arena: Arc<Arena>,
    all: Vec<Row>,
    time_ms: i64,
    start_ms: i64,
    /// For so many there is room in the record, whatever else is in it.
    known: usize,
}

impl Rows {
    /// Bytes that one takes with its labels, beside those, at the most.
    pub(super) const MOST: usize = 40;

    /// None yet, with labels of this arena; none at all where those alone may be too much for a record.
    pub(super) fn new(arena: &Arc<Arena>, time_ms: i64) -> Option<Self> {
        let fits = arena.whole() <= MAX_RAW / 2;
        fits.then(|| Self { arena: Arc::clone(arena), all: Vec::new(), time_ms, start_ms: 0, known: 0 })
    }

    /// Adds a sample, if it can be one of these.
    #[inline]
    pub(super) fn push(&mut self, number: u32, family: Option<FamilyRef>, sample: &Sample) -> bool {
        let fits = sample.timestamp_ms == self.time_ms && !sample.origin;
        if !fits || sample.start_ms != 0 && self.start_ms != 0 && sample.start_ms != self.start_ms {
            return false;
        }
        if sample.start_ms != 0 {
            self.start_ms = sample.start_ms;
        }
        let family = FamilyRef::place(family) << 1 | u32::from(sample.start_ms != 0);
        self.all.push(Row { bits: sample.bits, number, family });
        true
    }

    /// Makes room for so many, for which there is room in the record.
    pub(super) fn reserve(&mut self, count: usize) {
        self.all.reserve_exact(count);
        self.known = self.all.len() + count;
    }

    /// Whether there is room in the record for one more, as far as that is known.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.all.len() < self.known
    }

    /// They are all; none where there are none.
    pub(super) fn done(mut self) -> Option<Self> {
        if self.all.capacity() > self.all.len() + self.all.len() / 4 {
            self.all.shrink_to_fit();
        }
        (!self.all.is_empty()).then_some(self)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The same in parts of so many at the most.
    pub(super) fn parts(&self, most: usize) -> impl Iterator<Item = Self> {
        self.all.chunks(most.max(1)).map(|rows| Self { all: rows.to_vec(), ..self.head() })
    }

    fn head(&self) -> Self {
        Self { arena: Arc::clone(&self.arena), all: Vec::new(), ..*self }
    }

    /// Bytes that they take when their labels are written, about: no label set is there twice.
    pub(super) fn raw_len(&self) -> usize {
        self.each_raw_len() * self.all.len()
    }

    /// The same of one of them.
    pub(super) fn each_raw_len(&self) -> usize {
        self.arena.whole() / self.arena.count().max(1) + 16
    }

    /// The same, no less than they take.
    #[inline]
    pub(super) fn most_raw_len(&self) -> usize {
        self.arena.whole() + Self::MOST * self.all.len().max(self.known)
    }

    /// Bytes of memory that they take, their labels as if nobody else had them.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.all.as_slice()) + self.arena.bytes()
    }

    /// Each with its labels and the place of its family.
    #[inline]
    pub(super) fn each<E>(&self, mut told: impl FnMut(&[u8], u32, Sample) -> Result<(), E>) -> Result<(), E> {
        let mut cursor = Cursor::default();
        for row in &self.all {
            let start_ms = if row.family & 1 == 0 { 0 } else { self.start_ms };
            let sample = Sample { bits: row.bits, timestamp_ms: self.time_ms, start_ms, origin: false };
            told(self.arena.read(row.number, &mut cursor), row.family >> 1, sample)?;
        }
        Ok(())
    }

    /// Writes all of them into a batch that has their families.
    pub(super) fn write(&self, batch: &mut Batch) {
        batch.reserve(self.raw_len());
        // There is room: it was counted as they came.
        let _ = self.each(|bytes, family, sample| {
            batch.sample(LabelsRef { bytes, classic: true }, FamilyRef::at(family), sample)
        });
    }
}
