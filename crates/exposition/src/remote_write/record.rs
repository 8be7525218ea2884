//! A finished batch: its bytes for a spool, and smaller ones cut from it.
//!
//! ```text
//! packed:  version (1)  codec (0 plain | 1 snappy block)  raw
//! raw:     series …  families …  totals (24 bytes)
//! series:  length labels  family  flags  [count] samples  [count exemplars]  [count histograms]
//! ```
//! Integers are protobuf's varints, timestamps differences from the batch's time, values 8 bytes.
//! Whoever keeps the bytes adds a checksum.

use bytes::Bytes;
use thiserror::Error;

use super::batch::{Family, kind_of};
use super::labels::LabelPairs;
use super::packer::Packer;
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
    /// Everything in one piece with its first bytes, but for a part of a batch.
    plain: Option<Bytes>,
}

impl Record {
    pub(super) fn whole(plain: Bytes, totals: Totals) -> Self {
        let end = HEAD + totals.series_len as usize;
        let (series, families) = (plain.slice(HEAD..end), plain.slice(end..plain.len() - Totals::LEN));
        Self { series, families, totals, plain: Some(plain) }
    }

    /// The bytes for a spool, compressed; [`Packer`] is quicker where there are many.
    pub fn pack(&self) -> Vec<u8> {
        Packer::default().pack(self).to_vec()
    }

    /// The same without compression: of a whole batch no byte is copied.
    pub fn plain(&self) -> Bytes {
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
        Ok(Self::whole(plain, totals))
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
        SeriesIter { input: Input(&self.series), base: self.totals.base_ms }
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

    /// Bytes before compression, about as many as its 1.0 message has.
    pub fn raw_len(&self) -> usize {
        self.series.len() + self.families.len() + Totals::LEN
    }

    /// Two records of half the series each, or `None` where there are less than two: to find the series that
    /// a receiver refuses. A series is never cut.
    pub fn halves(&self) -> Option<(Self, Self)> {
        (self.totals.series >= 2).then(|| self.cut(self.totals.series / 2))
    }

    /// Records of no more samples and no more raw bytes than these each, as far as whole series allow.
    pub fn split(&self, max_samples: usize, max_bytes: usize) -> Vec<Self> {
        let fixed = self.families.len() + Totals::LEN;
        let (mut parts, mut rest) = (Vec::new(), self.clone());
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
        parts.push(rest);
        parts
    }

    fn cut(&self, at: u32) -> (Self, Self) {
        let (mut all, mut samples) = (self.series(), 0);
        for one in all.by_ref().take(at as usize) {
            samples += one.samples.0 + one.histograms.0;
        }
        let place = self.series.len() - all.input.0.len();
        let part = |series: Bytes, count: u32, samples: u32| {
            let series_len = u32::try_from(series.len()).unwrap_or(u32::MAX);
            let totals = Totals { series_len, series: count, samples, ..self.totals };
            Self { series, families: self.families.clone(), totals, plain: None }
        };
        (
            part(self.series.slice(..place), at, samples),
            part(self.series.slice(place..), self.totals.series - at, self.totals.samples - samples),
        )
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
