//! `io.prometheus.write.v2`, release candidate 4.

use prost::Message;

/// What one request says.
#[derive(Clone, PartialEq, Message)]
pub struct Request {
    /// Texts that others refer to by place; the first is empty.
    #[prost(string, repeated, tag = "4")]
    pub symbols: Vec<String>,
    /// Series with samples or histograms.
    #[prost(message, repeated, tag = "5")]
    pub timeseries: Vec<TimeSeries>,
}

/// A series and its points: samples or histograms, never both.
#[derive(Clone, PartialEq, Message)]
pub struct TimeSeries {
    /// Places of names and values in turn.
    #[prost(uint32, repeated, tag = "1")]
    pub labels_refs: Vec<u32>,
    /// Float samples.
    #[prost(message, repeated, tag = "2")]
    pub samples: Vec<Sample>,
    /// Native histograms.
    #[prost(message, repeated, tag = "3")]
    pub histograms: Vec<super::Histogram>,
    /// Exemplars.
    #[prost(message, repeated, tag = "4")]
    pub exemplars: Vec<Exemplar>,
    /// What is known of its family.
    #[prost(message, optional, tag = "5")]
    pub metadata: Option<Metadata>,
}

/// A value at a time.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Sample {
    /// The value.
    #[prost(double, tag = "1")]
    pub value: f64,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "2")]
    pub timestamp: i64,
    /// When the series began to count, in milliseconds since 1970; 0 where that is not known.
    #[prost(int64, tag = "3")]
    pub start_timestamp: i64,
}

/// One observation.
#[derive(Clone, PartialEq, Message)]
pub struct Exemplar {
    /// Places of names and values in turn.
    #[prost(uint32, repeated, tag = "1")]
    pub labels_refs: Vec<u32>,
    /// The value.
    #[prost(double, tag = "2")]
    pub value: f64,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "3")]
    pub timestamp: i64,
}

/// What is known of a family.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Message)]
pub struct Metadata {
    /// Number of its type.
    #[prost(int32, tag = "1")]
    pub kind: i32,
    /// Place of its help text.
    #[prost(uint32, tag = "3")]
    pub help_ref: u32,
    /// Place of its unit.
    #[prost(uint32, tag = "4")]
    pub unit_ref: u32,
}
