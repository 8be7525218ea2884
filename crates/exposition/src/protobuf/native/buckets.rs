//! The buckets of a native histogram one by one, as the Pushgateway's API lists them.

use super::is_float;
use crate::protobuf::model::{BucketSpan, Histogram};

/// A bucket that is not empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NativeBucket {
    /// Which of its bounds belong to it: 0 the upper, 1 the lower, 2 none, 3 both.
    pub boundaries: u8,
    /// Its lower bound.
    pub lower: f64,
    /// Its upper bound.
    pub upper: f64,
    /// Observations in it.
    pub count: f64,
}

/// The buckets that are not empty, from the lowest to the highest, of a histogram that
/// [`super::check`] takes.
pub fn buckets(it: &Histogram) -> Vec<NativeBucket> {
    let schema = it.schema.unwrap_or_default();
    let float = is_float(it);
    let side = |spans: &[BucketSpan], deltas: &[i64], counts: &[f64]| -> Vec<(i32, f64)> {
        let mut whole = 0_i64;
        let added = deltas.iter().map(|delta| {
            whole = whole.saturating_add(*delta);
            whole as f64
        });
        let counts: Vec<f64> = if float { counts.to_vec() } else { added.collect() };
        places(spans).zip(counts).filter(|(_, count)| *count != 0.0).collect()
    };
    let mut all: Vec<NativeBucket> = side(&it.negative_span, &it.negative_delta, &it.negative_count)
        .into_iter()
        .rev()
        .map(|(at, count)| NativeBucket {
            boundaries: 1,
            lower: -bound(at, schema),
            upper: -bound(at.saturating_sub(1), schema),
            count,
        })
        .collect();
    let zero = if float {
        it.zero_count_float.unwrap_or_default()
    } else {
        it.zero_count.unwrap_or_default() as f64
    };
    if zero != 0.0 {
        let threshold = it.zero_threshold.unwrap_or_default();
        all.push(NativeBucket { boundaries: 3, lower: -threshold, upper: threshold, count: zero });
    }
    let positive = side(&it.positive_span, &it.positive_delta, &it.positive_count);
    all.extend(positive.into_iter().map(|(at, count)| NativeBucket {
        boundaries: 0,
        lower: bound(at.saturating_sub(1), schema),
        upper: bound(at, schema),
        count,
    }));
    all
}

/// The number of each bucket that the spans cover.
fn places(spans: &[BucketSpan]) -> impl Iterator<Item = i32> {
    let mut next = 0_i32;
    spans.iter().flat_map(move |span| {
        let first = next.saturating_add(span.offset.unwrap_or_default());
        let length = i32::try_from(span.length.unwrap_or_default()).unwrap_or(i32::MAX);
        next = first.saturating_add(length);
        first..next
    })
}

/// The upper bound of a positive bucket: 2 to the power of its number, divided by 2 to that of the schema.
fn bound(at: i32, schema: i32) -> f64 {
    (f64::from(at) * f64::from(-schema).exp2()).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_listed_from_the_lowest() {
        let span = |offset, length| BucketSpan { offset: Some(offset), length: Some(length) };
        let it = Histogram {
            sample_count: Some(8),
            schema: Some(0),
            zero_threshold: Some(0.25),
            zero_count: Some(1),
            negative_span: vec![span(1, 1)],
            negative_delta: vec![2],
            positive_span: vec![span(0, 2), span(1, 1)],
            positive_delta: vec![2, -2, 3],
            ..Histogram::default()
        };
        let rows: Vec<_> =
            buckets(&it).iter().map(|it| (it.boundaries, it.lower, it.upper, it.count)).collect();
        assert_eq!(
            rows,
            [(1, -2.0, -1.0, 2.0), (3, -0.25, 0.25, 1.0), (0, 0.5, 1.0, 2.0), (0, 4.0, 8.0, 3.0)]
        );
    }
}
