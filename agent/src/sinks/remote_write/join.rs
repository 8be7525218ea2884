//! Records made of others: several as one request, one as one for each shard.

use std::collections::HashMap;

use exposition::remote_write::{Batch, Family, FamilyRef, Full, LabelsRef, Points, Record, Series};

/// What one record refers to, as another calls it.
type Families = Vec<FamilyRef>;

/// Copies series from records to a batch.
pub(super) struct Copy {
    pub(super) batch: Batch,
    known: HashMap<String, FamilyRef>,
}

impl Copy {
    pub(super) fn new(base_ms: i64) -> Self {
        Self { batch: Batch::new(base_ms), known: HashMap::new() }
    }

    /// The families of a record, each once in the batch, however many records have it.
    pub(super) fn families(&mut self, record: &Record) -> Result<Families, Full> {
        record.families().map(|family| self.family(&family)).collect()
    }

    fn family(&mut self, family: &Family<'_>) -> Result<FamilyRef, Full> {
        let Family { name, kind, help, unit } = family;
        // A name that two describe in two ways is two families.
        let id = format!("{name}\0{kind:?}\0{help}\0{unit}");
        if let Some(known) = self.known.get(&id) {
            return Ok(*known);
        }
        let new = self.batch.family(family)?;
        self.known.insert(id, new);
        Ok(new)
    }

    pub(super) fn series(
        &mut self,
        series: &Series<'_>,
        labels: LabelsRef<'_>,
        families: &Families,
    ) -> Result<(), Full> {
        let family = series.family_place().and_then(|place| families.get(place)).copied();
        let mut samples = series.samples();
        // Nearly all have one sample and nothing else, for which no list is made.
        if let (Some(only), None, false) = (samples.next(), samples.next(), series.has_more()) {
            return self.batch.sample(labels, family, only);
        }
        let (samples, exemplars, histograms): (Vec<_>, Vec<_>, Vec<_>) =
            (series.samples().collect(), series.exemplars().collect(), series.histograms().collect());
        let points = Points { samples: &samples, exemplars: &exemplars, histograms: &histograms };
        self.batch.push(labels, family, &points)
    }
}

/// The labels of a series where they lie.
pub(super) fn labels<'a>(series: &Series<'a>) -> LabelsRef<'a> {
    LabelsRef { bytes: series.label_bytes(), classic: series.is_classic() }
}

/// All records as one, in their order.
pub(super) fn join(records: &[&Record]) -> Result<Record, Full> {
    if let [only] = records {
        return Ok((*only).clone());
    }
    let mut copy = Copy::new(records.iter().map(|record| record.base_ms()).max().unwrap_or(0));
    for record in records {
        let families = copy.families(record)?;
        for series in record.series() {
            copy.series(&series, labels(&series), &families)?;
        }
    }
    Ok(copy.batch.finish())
}
