//! Batches by shard: all samples of one series go into the same, so that none overtakes another.

use exposition::remote_write::{Batch, Family, FamilyRef, Full, LabelsRef, Points, Record};

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

    /// Makes room for about so many bytes, which are spread over all.
    pub(super) fn reserve(&mut self, bytes: usize) {
        let each = bytes / self.open.len().max(1);
        self.open.iter_mut().for_each(|shard| shard.batch.reserve(each + each / 8));
    }

    /// Another family begins.
    pub(super) fn next_family(&mut self) {
        self.family += 1;
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
        let count = u16::try_from(self.open.len()).unwrap_or(u16::MAX);
        // A division costs as much as all else.
        let number = if count == 1 { 0 } else { shard_of(hash, count) };
        let Some(shard) = self.open.get_mut(usize::from(number)) else { return Err(Full) };
        if push(shard, self.family, labels, family, points).is_ok() {
            return Ok(());
        }
        // Into the next one then; what has no room in an empty one has none anywhere.
        let full = std::mem::replace(shard, Shard::new(self.base_ms));
        if full.batch.series() > 0 {
            self.full.push((number, full.batch.finish()));
        }
        push(shard, self.family, labels, family, points)
    }
}

#[inline]
fn push(
    shard: &mut Shard,
    serial: u64,
    labels: LabelsRef<'_>,
    family: &Family<'_>,
    points: &Points<'_>,
) -> Result<(), Full> {
    let reference = match shard.family {
        Some((of, reference)) if of == serial => reference,
        _ => {
            let reference = shard.batch.family(family)?;
            shard.family = Some((serial, reference));
            reference
        }
    };
    match points {
        Points { samples: [sample], exemplars: [], histograms: [] } => {
            shard.batch.sample(labels, Some(reference), *sample)
        }
        points => shard.batch.push(labels, Some(reference), points),
    }
}
