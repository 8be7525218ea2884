//! Requests for the receiver's own tests, made of prost's types.

use exposition::remote_write::message::{Label, Sample, TimeSeries, WriteRequest, v2};
use prost::Message as _;

use super::head::Head;
use super::mode::Kind;

/// 2026-01-01.
pub(crate) const NOW: i64 = 1_767_225_600_000;

/// The head that the specification wants.
pub(crate) fn head(kind: Kind) -> Head {
    let (content_type, encoding, version) = match kind {
        Kind::V1 => ("application/x-protobuf", "snappy", ("x-prometheus-remote-write-version", "0.1.0")),
        Kind::V2 => (
            "application/x-protobuf;proto=io.prometheus.write.v2.Request",
            "snappy",
            ("x-prometheus-remote-write-version", "2.0.0"),
        ),
        Kind::Zstd => ("application/x-protobuf", "zstd", ("x-victoriametrics-remote-write-version", "1")),
    };
    let headers = [("content-type", content_type), ("content-encoding", encoding), version];
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let agent = own(("user-agent", "a-sender/1.0"));
    let headers = headers.into_iter().map(own).chain([agent]).collect();
    Head { method: "POST".to_owned(), path: "/api/v1/write".to_owned(), headers }
}

/// A series of 1.0 with these labels and samples.
pub(crate) fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> TimeSeries {
    let label = |(name, value): &(&str, &str)| Label { name: (*name).into(), value: (*value).into() };
    let sample = |(timestamp, value): &(i64, f64)| Sample { value: *value, timestamp: *timestamp };
    TimeSeries {
        labels: labels.iter().map(label).collect(),
        samples: samples.iter().map(sample).collect(),
        ..TimeSeries::default()
    }
}

/// A request of 1.0 with one series.
pub(crate) fn one(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> WriteRequest {
    WriteRequest { timeseries: vec![series(labels, samples)], metadata: Vec::new() }
}

/// A request of 2.0 with a counter `c{a="1"}` that breaks nothing.
pub(crate) fn two() -> v2::Request {
    let symbols = ["", "__name__", "c", "a", "1", "Counts.", "trace_id", "abc"];
    let series = v2::TimeSeries {
        labels_refs: vec![1, 2, 3, 4],
        samples: vec![v2::Sample { value: 7.0, timestamp: NOW, start_timestamp: NOW - 1000 }],
        histograms: Vec::new(),
        exemplars: vec![v2::Exemplar { labels_refs: vec![6, 7], value: 0.0, timestamp: NOW - 10 }],
        metadata: Some(v2::Metadata { kind: 1, help_ref: 5, unit_ref: 0 }),
    };
    v2::Request { symbols: symbols.map(str::to_owned).to_vec(), timeseries: vec![series] }
}

/// A block.
pub(crate) fn packed(message: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(message).unwrap()
}

pub(crate) fn packed_one(request: &WriteRequest) -> Vec<u8> {
    packed(&request.encode_to_vec())
}

pub(crate) fn packed_two(request: &v2::Request) -> Vec<u8> {
    packed(&request.encode_to_vec())
}
