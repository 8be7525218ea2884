//! Batches by shard: all samples of one series go into the same, so that none overtakes another.

use std::sync::Arc;

use exposition::remote_write::{Arena, Batch, Family, FamilyRef, Full, LabelsRef, Points, Record, Sample};

/// Batches being written, one a shard.
#[derive(Debug)]
pub struct Shards {
    base_ms: i64,
    open: Vec<Shard>,
    /// Batches that had no more room, in their order.
    full: Vec<(u16, Record)>,
    /// Tells the family that is being written from those before.
    family: u64,
}

#[derive(Debug)]
struct Shard {
    batch: Batch,
    family: Option<(u64, FamilyRef)>,
}

impl Shard {
    fn new(base_ms: i64) -> Self {
        Self { batch: Batch::new(base_ms), family: None }
    }

    /// The family that is being written, in this batch.
    #[inline]
    fn family(&mut self, serial: u64, family: &Family<'_>) -> Result<FamilyRef, Full> {
        match self.family {
            Some((of, reference)) if of == serial => Ok(reference),
            _ => {
                let reference = self.batch.family(family)?;
                self.family = Some((serial, reference));
                Ok(reference)
            }
        }
    }
}

/// The shard of a series, by [`exposition::remote_write::SeriesLabels::hash`].
#[allow(clippy::cast_possible_truncation, reason = "less than `shards`")]
pub fn shard_of(hash: u64, shards: u16) -> u16 {
    (hash % u64::from(shards.max(1))) as u16
}

impl Shards {
    /// So many empty ones, at least one. Timestamps near `base_ms` take the fewest bytes.
    pub fn new(count: u16, base_ms: i64) -> Self {
        let open = (0..count.max(1)).map(|_| Shard::new(base_ms)).collect();
        Self { base_ms, open, full: Vec::new(), family: 0 }
    }

    /// Samples in all of them.
    pub fn samples(&self) -> usize {
        let open: usize = self.open.iter().map(|shard| shard.batch.samples()).sum();
        open + self.full.iter().map(|(_, record)| record.sample_count()).sum::<usize>()
    }

    /// What was written, as records with the number of their shard; those of one shard in their order.
    pub fn finish(self) -> Vec<(u16, Record)> {
        let mut records = self.full;
        for (number, shard) in (0_u16..).zip(self.open) {
            if shard.batch.series() > 0 {
                records.push((number, shard.batch.finish()));
            }
        }
        records
    }

    /// Makes room for about so many samples by number, which are spread over all.
    pub(super) fn reserve(&mut self, arena: &Arc<Arena>, samples: usize) {
        let each = match self.open.len() {
            0 | 1 => samples,
            count => samples / count + samples / count / 8,
        };
        self.open.iter_mut().for_each(|shard| shard.batch.reserve_rows(arena, each));
    }

    /// Another family begins.
    pub(super) fn next_family(&mut self) {
        self.family += 1;
    }

    /// Adds one sample of a series of the family that began last, by the number of its labels; whether that can be.
    #[inline]
    pub(super) fn row(
        &mut self,
        hash: u64,
        (arena, number): (&Arc<Arena>, u32),
        family: &Family<'_>,
        sample: &Sample,
    ) -> Result<bool, Full> {
        self.into(hash, |shard, serial| {
            let family = shard.family(serial, family)?;
            shard.batch.row(arena, number, Some(family), sample)
        })
    }

    /// Adds points of a series of the family that began last.
    #[inline]
    pub(super) fn push(
        &mut self,
        hash: u64,
        labels: LabelsRef<'_>,
        family: &Family<'_>,
        points: &Points<'_>,
    ) -> Result<(), Full> {
        self.into(hash, |shard, serial| {
            let family = shard.family(serial, family)?;
            match points {
                Points { samples: [sample], exemplars: [], histograms: [] } => {
                    shard.batch.sample(labels, Some(family), *sample)
                }
                points => shard.batch.push(labels, Some(family), points),
            }
        })
    }

    /// Puts something into the shard of a series.
    #[inline]
    fn into<T>(&mut self, hash: u64, put: impl Fn(&mut Shard, u64) -> Result<T, Full>) -> Result<T, Full> {
        let count = u16::try_from(self.open.len()).unwrap_or(u16::MAX);
        // A division costs as much as all else.
        let number = if count == 1 { 0 } else { shard_of(hash, count) };
        let Some(shard) = self.open.get_mut(usize::from(number)) else { return Err(Full) };
        if let Ok(done) = put(shard, self.family) {
            return Ok(done);
        }
        // Into the next one then; what has no room in an empty one has none anywhere.
        let full = std::mem::replace(shard, Shard::new(self.base_ms));
        if full.batch.series() > 0 {
            self.full.push((number, full.batch.finish()));
        }
        put(shard, self.family)
    }
}
