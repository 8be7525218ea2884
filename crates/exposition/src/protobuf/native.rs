//! Native histograms: what Prometheus demands of them.
//!
//! One that breaks a rule makes Prometheus refuse the whole scrape (`tsdb/head_append.go`,
//! `ValidateHistogram`), or worse: its parser trusts the spans.

mod buckets;

pub use buckets::{NativeBucket, buckets};

use super::model::{BucketSpan, Histogram};

/// Whether it has native parts: anything that Prometheus takes for them.
pub fn is_native(it: &Histogram) -> bool {
    it.schema.is_some()
        || it.zero_threshold.is_some()
        || it.zero_count.is_some()
        || it.zero_count_float.is_some()
        || !(it.negative_span.is_empty() && it.positive_span.is_empty())
        || !(it.negative_delta.is_empty() && it.positive_delta.is_empty())
        || !(it.negative_count.is_empty() && it.positive_count.is_empty())
}

/// Whether a native histogram counts in floats, as Prometheus decides it.
pub fn is_float(it: &Histogram) -> bool {
    it.sample_count_float.unwrap_or_default() > 0.0 || it.zero_count_float.unwrap_or_default() > 0.0
}

/// Says which rule it breaks, if any. A histogram without native parts breaks none.
pub fn check(it: &Histogram) -> Result<(), String> {
    if !is_native(it) {
        return Ok(());
    }
    let schema = it.schema.unwrap_or_default();
    if !(-4..=8).contains(&schema) {
        return Err(format!("expected a schema from -4 to 8, got {schema}"));
    }
    let threshold = it.zero_threshold.unwrap_or_default();
    if !(threshold >= 0.0 && threshold.is_finite()) {
        return Err(format!("expected a zero threshold of 0 or more, got {threshold}"));
    }
    let float = is_float(it);
    let mut counted = if float { it.zero_count_float.unwrap_or_default() } else { 0.0 };
    let mut whole = if float { 0 } else { it.zero_count.unwrap_or_default() };
    for (side, spans, deltas, counts) in [
        ("positive", &it.positive_span, &it.positive_delta, &it.positive_count),
        ("negative", &it.negative_span, &it.negative_delta, &it.negative_count),
    ] {
        let (found, others) = if float { (counts.len(), deltas.len()) } else { (deltas.len(), counts.len()) };
        if others > 0 {
            return Err(format!("the {side} buckets have both counts and deltas"));
        }
        let wanted = covered(spans).map_err(|reason| format!("{side} spans: {reason}"))?;
        if wanted != found as u64 {
            return Err(format!("{side} spans need {wanted} buckets, have {found} buckets"));
        }
        let mut bucket = 0_i64;
        for delta in deltas {
            bucket = bucket
                .checked_add(*delta)
                .filter(|count| *count >= 0)
                .ok_or_else(|| format!("a {side} bucket has a count below 0 or beyond all numbers"))?;
            whole = whole.saturating_add(bucket.unsigned_abs());
        }
        if let Some(count) = counts.iter().find(|count| count.is_nan() || **count < 0.0) {
            return Err(format!("a {side} bucket has the count {count}"));
        }
        counted += counts.iter().sum::<f64>();
    }
    // Of observations that are no number none lies in a bucket, so there may be more of them.
    let (found, all) = if float { (counted, it.count()) } else { (whole as f64, it.count()) };
    if found > all * (1.0 + f64::EPSILON * 64.0) {
        return Err(format!("{found} observations found in buckets, but the count is {all}"));
    }
    if !float && whole != it.sample_count.unwrap_or_default() && !it.sample_sum.unwrap_or_default().is_nan() {
        return Err(format!("{whole} observations found in buckets, but the count is {all}"));
    }
    Ok(())
}

/// How many buckets the spans cover.
fn covered(spans: &[BucketSpan]) -> Result<u64, String> {
    let (mut buckets, mut at) = (0, 0_i64);
    for (number, span) in spans.iter().enumerate() {
        let offset = span.offset.unwrap_or_default();
        if number > 0 && offset < 0 {
            return Err(format!("span number {} has the offset {offset}", number + 1));
        }
        let length = span.length.unwrap_or_default();
        at = at.saturating_add(i64::from(offset)).saturating_add(i64::from(length));
        if i32::try_from(at).is_err() {
            return Err("they reach beyond all bounds".to_owned());
        }
        buckets += u64::from(length);
    }
    Ok(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (&'static str, fn(&mut Histogram));

    fn good() -> Histogram {
        Histogram {
            sample_count: Some(6),
            sample_sum: Some(3.0),
            schema: Some(0),
            zero_threshold: Some(1e-9),
            zero_count: Some(1),
            positive_span: vec![BucketSpan { offset: Some(-1), length: Some(2) }],
            positive_delta: vec![2, 1],
            ..Histogram::default()
        }
    }

    #[test]
    fn what_prometheus_would_refuse_is_named() {
        assert_eq!(check(&good()), Ok(()));
        assert_eq!(check(&Histogram { sample_count: Some(3), ..Histogram::default() }), Ok(()));
        let span = |offset, length| BucketSpan { offset: Some(offset), length: Some(length) };
        let rows: [Row; 6] = [
            ("schema", |it| it.schema = Some(9)),
            ("threshold", |it| it.zero_threshold = Some(f64::NAN)),
            ("need 2 buckets, have 1", |it| it.positive_delta.truncate(1)),
            ("below 0", |it| it.positive_delta = vec![2, -3]),
            ("6 observations found", |it| it.sample_count = Some(5)),
            ("both counts and deltas", |it| it.positive_count = vec![1.0]),
        ];
        for (reason, spoil) in rows {
            let mut it = good();
            spoil(&mut it);
            assert!(check(&it).unwrap_err().contains(reason), "{reason}: {:?}", check(&it));
        }
        for (spans, reason) in [
            (vec![span(0, 1), span(-1, 1)], "offset -1"),
            (vec![span(i32::MAX, 2)], "beyond"),
            (vec![span(0, u32::MAX)], "beyond"),
        ] {
            let it = Histogram { positive_span: spans, ..good() };
            assert!(check(&it).unwrap_err().contains(reason), "{:?}", check(&it));
        }
    }
}
