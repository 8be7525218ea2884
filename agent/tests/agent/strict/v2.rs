//! The message of 2.0: symbols, and what refers to them.

use std::collections::HashSet;

use exposition::remote_write::message::v2::{self, Request};
use prost::Message as _;

use super::rule::{Found, Rule};
use super::series::{Exemplar, Family, Message, Point, Series};

pub(crate) fn read(bytes: &[u8], found: &mut Found) -> Message {
    let request = match Request::decode(bytes) {
        Ok(request) => request,
        Err(error) => {
            found.add(Rule::Unreadable, format!("no io.prometheus.write.v2.Request: {error}"));
            return Message::default();
        }
    };
    let first = request.symbols.first();
    found.unless(first.is_some_and(String::is_empty), Rule::FirstSymbol, || format!("{first:?}"));
    let mut symbols = HashSet::new();
    for symbol in &request.symbols {
        found.unless(symbols.insert(symbol), Rule::SymbolTwice, || format!("{symbol:?}"));
    }
    let series = request.timeseries.iter().map(|of| series(of, &request.symbols, found)).collect();
    Message { series, families: Vec::new(), symbols: request.symbols }
}

fn series(of: &v2::TimeSeries, symbols: &[String], found: &mut Found) -> Series {
    let labels = pairs(&of.labels_refs, symbols, found);
    let both = !of.samples.is_empty() && !of.histograms.is_empty();
    found.unless(!both, Rule::MixedPoints, || format!("{labels:?}"));
    let exemplar = |of: &v2::Exemplar, found: &mut Found| Exemplar {
        labels: pairs(&of.labels_refs, symbols, found),
        value: of.value,
        at: of.timestamp,
    };
    let exemplars = of.exemplars.iter().map(|of| exemplar(of, found)).collect();
    let family = of.metadata.map(|of| Family {
        kind: of.kind,
        help: symbol(of.help_ref, symbols, found).to_owned(),
        unit: symbol(of.unit_ref, symbols, found).to_owned(),
    });
    let sample = |found: &v2::Sample| Point {
        at: found.timestamp,
        bits: found.value.to_bits(),
        start: found.start_timestamp,
    };
    let (points, histograms) = (of.samples.iter().map(sample).collect(), of.histograms.clone());
    Series { labels, points, histograms, exemplars, family }
}

fn pairs(references: &[u32], symbols: &[String], found: &mut Found) -> Vec<(String, String)> {
    let odd = !references.len().is_multiple_of(2);
    found.unless(!odd, Rule::OddReferences, || format!("{references:?}"));
    let mut pairs = Vec::new();
    for pair in references.chunks_exact(2) {
        let name = symbol(pair[0], symbols, found).to_owned();
        pairs.push((name, symbol(pair[1], symbols, found).to_owned()));
    }
    pairs
}

fn symbol<'a>(reference: u32, symbols: &'a [String], found: &mut Found) -> &'a str {
    let symbol = symbols.get(reference as usize);
    found.unless(symbol.is_some(), Rule::Reference, || format!("{reference} of {}", symbols.len()));
    symbol.map_or("", String::as_str)
}
