//! The points of a series: samples, histograms, exemplars.

use exposition::remote_write::message::{Count, Histogram};
use exposition::remote_write::{NAN, STALE};

use super::labels;
use super::rule::{Found, Rule};
use super::series::Series;

/// Milliseconds from 2001 to 2286: what is meant as seconds or microseconds falls out.
const TIMES: std::ops::Range<i64> = 1_000_000_000_000..10_000_000_000_000;

pub(crate) fn judge(series: &Series, found: &mut Found) {
    let key = series.key();
    let points = series.all();
    found.unless(!points.is_empty(), Rule::NoPoints, || key.clone());
    for pair in points.windows(2) {
        let rises = pair[0].at < pair[1].at;
        found.unless(rises, Rule::OutOfOrder, || format!("{key}: {} before {}", pair[0].at, pair[1].at));
    }
    for point in &points {
        found.unless(TIMES.contains(&point.at), Rule::Timestamp, || format!("{key}: {}", point.at));
        let begins = point.start == 0 || point.start <= point.at;
        found.unless(begins, Rule::StartTimestamp, || format!("{key}: {} after {}", point.start, point.at));
        let number = !point.value().is_nan() || point.bits == NAN || point.bits == STALE;
        found.unless(number, Rule::NotANumber, || format!("{key}: {:#x}", point.bits));
    }
    for exemplar in &series.exemplars {
        let timely = TIMES.contains(&exemplar.at);
        found.unless(timely, Rule::Exemplar, || format!("{key}: at {}", exemplar.at));
        let marker = exemplar.value.to_bits() == STALE;
        found.unless(!marker, Rule::Exemplar, || format!("{key}: a marker as exemplar"));
        labels::in_order(&exemplar.labels, found);
    }
    for histogram in &series.histograms {
        shape(&key, histogram, found);
    }
    if let Some(family) = &series.family {
        found
            .unless((0..=7).contains(&family.kind), Rule::MetadataType, || format!("{key}: {}", family.kind));
    }
}

/// As many counts as the spans have buckets, and those of one kind.
fn shape(key: &str, of: &Histogram, found: &mut Found) {
    let float = matches!(of.count, Some(Count::Float(_)));
    for (spans, deltas, counts) in [
        (&of.positive_spans, of.positive_deltas.len(), of.positive_counts.len()),
        (&of.negative_spans, of.negative_deltas.len(), of.negative_counts.len()),
    ] {
        let buckets: u64 = spans.iter().map(|span| u64::from(span.length)).sum();
        let (there, none) = if float { (counts, deltas) } else { (deltas, counts) };
        let fits = buckets == there as u64 && none == 0;
        found.unless(fits, Rule::HistogramShape, || format!("{key}: {buckets} buckets, {there} counts"));
    }
    let schema = (-4..=8).contains(&of.schema) || of.schema == -53;
    found.unless(schema, Rule::HistogramShape, || format!("{key}: schema {}", of.schema));
}
