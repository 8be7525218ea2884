//! What was sent, the same for all protocols.

use exposition::remote_write::STALE;
use exposition::remote_write::message::{Histogram, MetricMetadata};

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    /// Of a histogram the bits of its sum.
    pub(crate) bits: u64,
    /// 0 where it is not known, and in 1.0.
    pub(crate) start: i64,
}

impl Point {
    pub(crate) fn value(&self) -> f64 {
        f64::from_bits(self.bits)
    }

    pub(crate) fn is_marker(&self) -> bool {
        self.bits == STALE
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exemplar {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
    pub(crate) at: i64,
}

/// What 2.0 says of a family with each series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) kind: i32,
    pub(crate) help: String,
    pub(crate) unit: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Series {
    pub(crate) labels: Vec<(String, String)>,
    /// Of float samples.
    pub(crate) points: Vec<Point>,
    pub(crate) histograms: Vec<Histogram>,
    pub(crate) exemplars: Vec<Exemplar>,
    pub(crate) family: Option<Family>,
}

impl Series {
    /// `name{a="1",b="2"}`, labels sorted.
    pub(crate) fn key(&self) -> String {
        let mut name = "";
        let mut labels = Vec::new();
        for (key, value) in &self.labels {
            if key == "__name__" {
                name = value;
            } else {
                labels.push(format!("{key}={value:?}"));
            }
        }
        labels.sort_unstable();
        let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        format!("{name}{braces}")
    }

    /// Samples and histograms.
    pub(crate) fn all(&self) -> Vec<Point> {
        let of = |found: &Histogram| {
            let start = found.start_timestamp;
            Point { at: found.timestamp, bits: found.sum.to_bits(), start }
        };
        self.points.iter().copied().chain(self.histograms.iter().map(of)).collect()
    }

    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Message {
    pub(crate) series: Vec<Series>,
    /// What 1.0 says of families.
    pub(crate) families: Vec<MetricMetadata>,
    /// Of 2.0.
    pub(crate) symbols: Vec<String>,
}

impl Message {
    pub(crate) fn samples(&self) -> usize {
        self.series.iter().map(|series| series.points.len()).sum()
    }

    pub(crate) fn histograms(&self) -> usize {
        self.series.iter().map(|series| series.histograms.len()).sum()
    }

    pub(crate) fn exemplars(&self) -> usize {
        self.series.iter().map(|series| series.exemplars.len()).sum()
    }

    /// The first series with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.label("__name__") == Some(name))
    }
}
