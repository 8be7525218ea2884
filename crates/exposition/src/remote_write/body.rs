//! Bodies of requests, and the headers that go with them.

use bytes::Bytes;
use thiserror::Error;

use super::batch::Family;
use super::record::Record;
use super::snappy::Snappy;
use super::{v1, v2};

/// How a receiver is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Remote write 1.0, in a snappy block.
    V1,
    /// Remote write 2.0 (rc.4), in a snappy block.
    V2,
    /// VictoriaMetrics' variant: the message of 1.0, in zstd.
    Zstd,
}

impl Protocol {
    /// The name of the protocol in settings and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
            Self::Zstd => "zstd",
        }
    }

    /// The headers that a request must have, which no setting may replace; `User-Agent` is the caller's.
    ///
    /// Sources: specification 1.0 and 2.0, "Required Headers"; vmagent's client for [`Protocol::Zstd`].
    pub fn headers(self) -> [(&'static str, &'static str); 3] {
        const PLAIN: &str = "application/x-protobuf";
        const OF_2_0: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
        let (content_type, encoding, version) = match self {
            Self::V1 => (PLAIN, "snappy", ("x-prometheus-remote-write-version", "0.1.0")),
            Self::V2 => (OF_2_0, "snappy", ("x-prometheus-remote-write-version", "2.0.0")),
            Self::Zstd => (PLAIN, "zstd", ("x-victoriametrics-remote-write-version", "1")),
        };
        [("content-type", content_type), ("content-encoding", encoding), version]
    }
}

/// A body could not be made.
#[derive(Debug, Error)]
pub enum EncodeError {
    /// Snappy blocks end at 4 GiB.
    #[error("a message cannot be compressed by snappy: {0}")]
    Snappy(#[from] snap::Error),
    /// The zstd library failed, for want of memory.
    #[error("a message cannot be compressed by zstd: {0}")]
    Zstd(#[from] std::io::Error),
}

/// How much a message says, by kind: what the `…-Written` headers of a 2.0 receiver count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Float samples, staleness markers and origins among them.
    pub samples: usize,
    /// Native histograms.
    pub histograms: usize,
    /// Exemplars.
    pub exemplars: usize,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub struct Body {
    /// As it is sent.
    pub bytes: Bytes,
    /// Bytes before compression: what receivers' limits are about.
    pub unpacked: usize,
    /// What it says.
    pub counts: Counts,
}

/// Makes bodies of records, with buffers that are used again.
pub struct Encoder {
    /// What is written of a message, and not compressed yet.
    message: Vec<u8>,
    snappy: Snappy,
    zstd: Option<zstd::bulk::Compressor<'static>>,
    level: i32,
    origins: bool,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("level", &self.level).finish_non_exhaustive()
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new(Self::LEVEL)
    }
}

impl Encoder {
    /// The level of zstd that is worth its time, see `docs/decisions/0090-what-a-record-is.md`.
    pub const LEVEL: i32 = 1;

    /// An encoder that compresses by this level of zstd, from -7 (fast) to 22 (small).
    pub fn new(level: i32) -> Self {
        Self { message: Vec::new(), snappy: Snappy::new(), zstd: None, level, origins: false }
    }

    /// Sends the zero of a counter's origin by 2.0, too: for receivers that take no notice of starts.
    #[must_use]
    pub fn with_origins(self, origins: bool) -> Self {
        Self { origins, ..self }
    }

    /// The body that has all samples of this record. The same record gives the same bytes.
    pub fn body(&mut self, record: &Record, protocol: Protocol) -> Result<Body, EncodeError> {
        self.body_of(std::slice::from_ref(record), protocol)
    }

    /// The body that has all samples of these records, in their order.
    pub fn body_of(&mut self, records: &[Record], protocol: Protocol) -> Result<Body, EncodeError> {
        self.begin();
        let (out, snappy) = (&mut self.message, &mut self.snappy);
        let counts = match protocol {
            Protocol::V1 => v1::series(records, true, out, |out| snappy.take(out))?,
            Protocol::V2 => v2::request(records, self.origins, out),
            Protocol::Zstd => v1::series(records, false, out, |_| Ok::<(), EncodeError>(()))?,
        };
        self.packed(protocol, counts)
    }

    /// The body that has those families of these records which are `due`, for a request of its own, where the
    /// protocol sends them apart from samples. A family without help text is sent with an empty one, as
    /// Prometheus does: its type is worth a request.
    pub fn metadata(
        &mut self,
        records: &[Record],
        protocol: Protocol,
        due: impl FnMut(&Family<'_>) -> bool,
    ) -> Result<Option<Body>, EncodeError> {
        if protocol == Protocol::V2 {
            return Ok(None);
        }
        self.begin();
        v1::metadata(records.iter().flat_map(Record::families).filter(due), &mut self.message);
        if self.message.is_empty() {
            return Ok(None);
        }
        self.packed(protocol, Counts::default()).map(Some)
    }

    /// Another message begins.
    fn begin(&mut self) {
        self.message.clear();
        self.snappy.begin();
    }

    fn packed(&mut self, protocol: Protocol, counts: Counts) -> Result<Body, EncodeError> {
        let (bytes, unpacked) = match protocol {
            Protocol::V1 | Protocol::V2 => self.snappy.finish(&self.message)?,
            Protocol::Zstd => {
                let zstd = match &mut self.zstd {
                    Some(zstd) => zstd,
                    none => none.insert(zstd::bulk::Compressor::new(self.level)?),
                };
                (zstd.compress(&self.message)?.into(), self.message.len())
            }
        };
        // One large batch does not keep its memory for ever.
        if self.message.capacity() > 4 << 20 {
            self.message = Vec::new();
        }
        Ok(Body { bytes, unpacked, counts })
    }
}
