//! A finished batch: its bytes for a spool, and smaller ones cut from it.
//!
//! ```text
//! packed:  version (1)  codec (0 plain | 1 snappy block)  raw
//! raw:     series …  families …  totals (24 bytes)
//! series:  length labels  family  flags  [count] samples  [count exemplars]  [count histograms]
//! ```
//! Integers are protobuf's varints, timestamps differences from the batch's time, values 8 bytes.
//! Whoever keeps the bytes adds a checksum.

mod cut;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use thiserror::Error;

use super::batch::{Batch, Family, kind_of};
use super::labels::LabelPairs;
use super::packer::Packer;
use super::rows::Rows;
use super::series::SeriesIter;
use super::wire::Input;

/// Bytes that a record may have before compression: what Prometheus and VictoriaMetrics take in one request.
pub const MAX_RAW: usize = 32 << 20;

pub(super) const VERSION: u8 = 1;
pub(super) const PLAIN: u8 = 0;
pub(super) const SNAPPY: u8 = 1;
/// Bytes before the raw record.
pub(super) const HEAD: usize = 2;

/// Why bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Written by a version that this one does not know.
    #[error("a record of version {0}, where this version reads {VERSION}")]
    Version(u8),
    /// Compressed in a way that this version does not know.
    #[error("a record of codec {0}, where this version reads {PLAIN} and {SNAPPY}")]
    Codec(u8),
    /// It would be too large when unpacked.
    #[error("a record of {0} bytes, over the limit of {MAX_RAW}")]
    TooLarge(usize),
    /// The compressed bytes are broken.
    #[error("a record cannot be unpacked: {0}")]
    Snappy(String),
    /// This part does not read as it must.
    #[error("a record whose {0} do not read")]
    Malformed(&'static str),
}

/// What stands at the end of a raw record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) series_len: u32,
    pub(super) series: u32,
    pub(super) samples: u32,
    pub(super) families: u32,
    pub(super) base_ms: i64,
}

impl Totals {
    pub(super) const LEN: usize = 24;

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        for number in [self.series_len, self.series, self.samples, self.families] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.base_ms.to_le_bytes());
    }

    fn read(raw: &[u8]) -> Option<Self> {
        let mut input = Input(raw.get(raw.len().checked_sub(Self::LEN)?..)?);
        Some(Self {
            series_len: input.u32()?,
            series: input.u32()?,
            samples: input.u32()?,
            families: input.u32()?,
            base_ms: input.u64()?.cast_signed(),
        })
    }
}

/// A finished batch, or a part of one. Copies share their bytes.
#[derive(Debug, Clone)]
pub struct Record {
    series: Bytes,
    families: Bytes,
    totals: Totals,
    /// Everything in one piece with its first bytes, but for a part of a batch, or where there are rows.
    plain: Option<Bytes>,
    /// Samples before those series, whose labels are kept elsewhere.
    rows: Option<Arc<Held>>,
}

/// Rows of a record, and the whole record with their labels once somebody wants to see them.
#[derive(Debug)]
struct Held {
    rows: Rows,
    written: OnceLock<Record>,
}

impl Held {
    fn of(rows: Rows) -> Arc<Self> {
        Arc::new(Self { rows, written: OnceLock::new() })
    }
}

impl Record {
    pub(super) fn whole(plain: Bytes, totals: Totals, rows: Option<Rows>) -> Self {
        let end = HEAD + totals.series_len as usize;
        let (series, families) = (plain.slice(HEAD..end), plain.slice(end..plain.len() - Totals::LEN));
        let rows = rows.map(Held::of);
        Self { series, families, totals, plain: rows.is_none().then_some(plain), rows }
    }

    /// This record with all of its labels in it.
    fn written(&self) -> &Self {
        let Some(held) = &self.rows else { return self };
        held.written.get_or_init(|| self.written_out(&held.rows))
    }

    fn written_out(&self, rows: &Rows) -> Self {
        let mut batch = Batch::new(self.totals.base_ms);
        rows.write(&mut batch);
        batch.go_on(&self.series, &self.families, self.totals);
        batch.finish()
    }

    /// Samples whose labels are not in it, and the series that are.
    pub(super) fn parts(&self) -> (Option<&Rows>, SeriesIter<'_>) {
        let rows = self.rows.as_ref().map(|held| &held.rows);
        (rows, SeriesIter { input: Input(&self.series), base: self.totals.base_ms })
    }

    /// Bytes of memory that it takes, those of labels that others have, too, as if they had not.
    pub fn memory(&self) -> usize {
        let rows = self.rows.as_ref().map_or(0, |held| held.rows.bytes());
        self.series.len() + self.families.len() + Totals::LEN + rows
    }

    /// The bytes for a spool, compressed; [`Packer`] is quicker where there are many.
    pub fn pack(&self) -> Vec<u8> {
        Packer::default().pack(self).to_vec()
    }

    /// The same without compression: of a whole batch no byte is copied.
    pub fn plain(&self) -> Bytes {
        if let Some(held) = &self.rows {
            // Who wants bytes does not come twice: its labels are not kept for that.
            return held.written.get().map_or_else(|| self.written_out(&held.rows).plain(), Self::plain);
        }
        self.plain.clone().unwrap_or_else(|| {
            let mut plain = Vec::with_capacity(HEAD + self.raw_len());
            plain.extend_from_slice(&[VERSION, PLAIN]);
            plain.extend_from_slice(&self.series);
            plain.extend_from_slice(&self.families);
            self.totals.put(&mut plain);
            Bytes::from(plain)
        })
    }

    /// Reads what [`Record::pack`] or [`Record::plain`] wrote, and checks all of it.
    pub fn unpack(packed: &Bytes) -> Result<Self, RecordError> {
        let record = Self::unpack_own(packed)?;
        record.check().map_err(RecordError::Malformed)?;
        Ok(record)
    }

    /// The same for bytes that this process wrote, and that a checksum has followed since: that they read as they
    /// must is not looked at again. Of others it has the series before the first fault.
    pub fn unpack_own(packed: &Bytes) -> Result<Self, RecordError> {
        let (version, codec, rest) = match &**packed {
            [version, codec, rest @ ..] => (*version, *codec, rest),
            _ => return Err(RecordError::Malformed("first bytes")),
        };
        if version != VERSION {
            return Err(RecordError::Version(version));
        }
        let broken = |error: snap::Error| RecordError::Snappy(error.to_string());
        let plain = match codec {
            PLAIN if rest.len() <= MAX_RAW => packed.clone(),
            PLAIN => return Err(RecordError::TooLarge(rest.len())),
            SNAPPY => {
                let len = snap::raw::decompress_len(rest).map_err(broken)?;
                if len > MAX_RAW {
                    return Err(RecordError::TooLarge(len));
                }
                let mut plain = vec![0; HEAD + len];
                plain[..HEAD].copy_from_slice(&[VERSION, PLAIN]);
                snap::raw::Decoder::new().decompress(rest, &mut plain[HEAD..]).map_err(broken)?;
                Bytes::from(plain)
            }
            codec => return Err(RecordError::Codec(codec)),
        };
        let raw = plain.len() - HEAD;
        let totals = Totals::read(&plain[HEAD..]).ok_or(RecordError::Malformed("totals"))?;
        if totals.series_len as usize > raw - Totals::LEN {
            return Err(RecordError::Malformed("totals"));
        }
        Ok(Self::whole(plain, totals, None))
    }

    fn check(&self) -> Result<(), &'static str> {
        let mut families = self.families();
        if families.by_ref().count() != self.totals.families as usize || !families.0.0.is_empty() {
            return Err("families");
        }
        let (mut all, mut series, mut samples) = (self.series(), 0_u32, 0_u32);
        for one in all.by_ref() {
            let exemplars = one.exemplars().all(|exemplar| LabelPairs::well_formed(exemplar.labels));
            if !LabelPairs::well_formed(one.labels) || !exemplars || one.labels.is_empty() {
                return Err("labels");
            }
            if one.family > self.totals.families {
                return Err("families");
            }
            series += 1;
            samples = samples.saturating_add(one.samples.0).saturating_add(one.histograms.0);
        }
        let counted = (series, samples) == (self.totals.series, self.totals.samples);
        if counted && all.input.0.is_empty() { Ok(()) } else { Err("series") }
    }

    /// Its series in their order.
    pub fn series(&self) -> SeriesIter<'_> {
        self.written().parts().1
    }

    /// Its families in their order.
    pub fn families(&self) -> Families<'_> {
        Families(Input(&self.families))
    }

    /// How many series it has.
    pub fn series_count(&self) -> usize {
        self.totals.series as usize
    }

    /// How many samples it has; a native histogram is one.
    pub fn sample_count(&self) -> usize {
        self.totals.samples as usize
    }

    /// The time near which its timestamps are: that of the scrape, in milliseconds since 1970.
    pub fn base_ms(&self) -> i64 {
        self.totals.base_ms
    }

    /// The time of its samples, in milliseconds since 1970: all samples of a scrape have one, but for those that bring
    /// their own, of which it is the first one's.
    pub fn time_ms(&self) -> i64 {
        let (rows, mut series) = self.parts();
        let first = if rows.is_some() { None } else { series.find_map(|series| series.samples().last()) };
        first.map_or(self.base_ms(), |sample| sample.timestamp_ms.max(self.base_ms()))
    }

    /// Bytes before compression, about as many as its 1.0 message has.
    pub fn raw_len(&self) -> usize {
        let rows = self.rows.as_ref().map_or(0, |held| held.rows.raw_len());
        self.series.len() + self.families.len() + Totals::LEN + rows
    }
}

/// The families of a record in their order.
#[derive(Debug, Clone)]
pub struct Families<'a>(Input<'a>);

impl<'a> Iterator for Families<'a> {
    type Item = Family<'a>;

    fn next(&mut self) -> Option<Family<'a>> {
        let mut ahead = self.0;
        let kind = kind_of(ahead.byte()?)?;
        let mut text = || std::str::from_utf8(ahead.piece()?).ok();
        let (name, help, unit) = (text()?, text()?, text()?);
        self.0 = ahead;
        Some(Family { name, kind, help, unit })
    }
}
