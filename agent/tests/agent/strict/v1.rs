//! The message of 1.0.

use exposition::remote_write::message::{self, WriteRequest};
use prost::Message as _;

use super::rule::{Found, Rule};
use super::series::{Exemplar, Message, Point, Series};

pub(crate) fn read(bytes: &[u8], found: &mut Found) -> Message {
    let request = match WriteRequest::decode(bytes) {
        Ok(request) => request,
        Err(error) => {
            found.add(Rule::Unreadable, format!("no prometheus.WriteRequest: {error}"));
            return Message::default();
        }
    };
    let series = request.timeseries.into_iter().map(series).collect();
    Message { series, families: request.metadata, symbols: Vec::new() }
}

fn series(of: message::TimeSeries) -> Series {
    let sample =
        |found: &message::Sample| Point { at: found.timestamp, bits: found.value.to_bits(), start: 0 };
    let exemplar = |found: message::Exemplar| Exemplar {
        labels: pairs(found.labels),
        value: found.value,
        at: found.timestamp,
    };
    Series {
        labels: pairs(of.labels),
        points: of.samples.iter().map(sample).collect(),
        histograms: of.histograms,
        exemplars: of.exemplars.into_iter().map(exemplar).collect(),
        family: None,
    }
}

fn pairs(labels: Vec<message::Label>) -> Vec<(String, String)> {
    labels.into_iter().map(|label| (label.name, label.value)).collect()
}
