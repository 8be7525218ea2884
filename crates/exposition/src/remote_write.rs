//! Remote write as data: what is kept of a batch of samples, and the bodies that are made of it.
//!
//! ```text
//! SeriesLabels ─┐
//! samples ──────┼─► Batch ─► Record ─pack─► bytes in a spool ─unpack─► Record ─► Encoder ─► body of a request
//! families ─────┘                                                            1.0, 2.0, or 1.0 in zstd
//! ```
//!
//! A [`Record`] belongs to no protocol: which one a receiver speaks is only known when it answers. Its label
//! sets are kept as remote write 1.0 spells them, so that 1.0 is nearly a copy, and 2.0 a look-up a label.
//! The same record gives the same bytes each time, for each protocol.
//!
//! - [`SeriesLabels`]: the labels of a series, checked and encoded once; [`Arena`]: those of many
//! - [`Batch`], [`Record`]: many samples as one piece, and the same cut into smaller ones
//! - [`Encoder`], [`Protocol`]: bodies and their headers
//! - [`message`]: the messages as types, for receivers and for native histograms
//!
//! Rules: <https://prometheus.io/docs/specs/prw/remote_write_spec/> (1.0) and
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/> (2.0-rc.4).

mod arena;
mod batch;
mod body;
mod few;
mod labels;
mod packer;
mod record;
mod rows;
mod series;
mod snappy;
mod symbols;
mod v1;
mod v2;
pub(crate) mod wire;

pub mod message;

pub use arena::{Arena, Cursor};
pub use batch::{Batch, Family, FamilyRef, Full, Points};
pub use body::{Body, Counts, EncodeError, Encoder, Protocol};
pub use labels::{LabelPairs, LabelsError, LabelsRef, SeriesLabels, encode_labels};
pub use packer::Packer;
pub use record::{Families, MAX_RAW, Record, RecordError};
pub use series::{Exemplar, Histogram, Sample, Series, SeriesIter};

/// The value of a staleness marker, as bits: a signalling NaN, which no arithmetic may touch.
pub const STALE: u64 = 0x7ff0_0000_0000_0002;

/// The value of every other NaN, as bits.
pub const NAN: u64 = 0x7ff8_0000_0000_0001;

/// The bits of a scraped value: each NaN becomes the ordinary one, as a page cannot say that a series ended.
pub fn bits(value: f64) -> u64 {
    if value.is_nan() { NAN } else { value.to_bits() }
}
