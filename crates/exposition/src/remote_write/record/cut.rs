//! Smaller records of a record. A series is never cut.

use bytes::Bytes;

use super::{Held, Record, Totals};
use crate::remote_write::rows::Rows;

impl Record {
    /// Two records of half the series each, or `None` where there are less than two: to find the series that
    /// a receiver refuses.
    pub fn halves(&self) -> Option<(Self, Self)> {
        (self.totals.series >= 2).then(|| self.written().cut(self.totals.series / 2))
    }

    /// Records of no more samples and no more raw bytes than these each, as far as whole series allow.
    pub fn split(&self, max_samples: usize, max_bytes: usize) -> Vec<Self> {
        if self.sample_count() <= max_samples && self.raw_len() <= max_bytes {
            return vec![self.clone()];
        }
        let fixed = self.families.len() + Totals::LEN;
        let mut parts = Vec::new();
        let mut rest = self.clone();
        if let Some(Held { rows, .. }) = self.rows.as_deref() {
            let most = max_samples.min(max_bytes.saturating_sub(fixed) / rows.each_raw_len());
            parts.extend(rows.parts(most).map(|rows| self.with(Bytes::new(), Some(rows), (0, 0))));
            let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            let left = (self.totals.series - count, self.totals.samples - count);
            rest = self.with(self.series.clone(), None, left);
        }
        while rest.totals.series > 1 && (rest.sample_count() > max_samples || rest.raw_len() > max_bytes) {
            let (mut series, mut samples, mut all) = (0_u32, 0_usize, rest.series());
            while let Some(one) = all.next() {
                samples += (one.samples.0 + one.histograms.0) as usize;
                let bytes = rest.series.len() - all.input.0.len() + fixed;
                if series > 0 && (samples > max_samples || bytes > max_bytes) {
                    break;
                }
                series += 1;
            }
            if series >= rest.totals.series {
                break;
            }
            let (first, others) = rest.cut(series);
            parts.push(first);
            rest = others;
        }
        // Rows may have been all.
        if rest.totals.series > 0 || parts.is_empty() {
            parts.push(rest);
        }
        parts
    }

    /// The first so many series, and the others; there are no rows.
    fn cut(&self, at: u32) -> (Self, Self) {
        let (mut all, mut samples) = (self.series(), 0);
        for one in all.by_ref().take(at as usize) {
            samples += one.samples.0 + one.histograms.0;
        }
        let place = self.series.len() - all.input.0.len();
        let others = (self.totals.series - at, self.totals.samples - samples);
        (
            self.with(self.series.slice(..place), None, (at, samples)),
            self.with(self.series.slice(place..), None, others),
        )
    }

    /// A part of this one: these rows, and so many written series and samples.
    fn with(&self, series: Bytes, rows: Option<Rows>, (count, samples): (u32, u32)) -> Self {
        let series_len = u32::try_from(series.len()).unwrap_or(u32::MAX);
        let more = rows.as_ref().map_or(0, |rows| u32::try_from(rows.len()).unwrap_or(u32::MAX));
        let totals = Totals { series_len, series: count + more, samples: samples + more, ..self.totals };
        let rows = rows.map(Held::of);
        Self { series, families: self.families.clone(), totals, plain: None, rows }
    }
}
