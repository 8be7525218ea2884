//! What text cannot say of a family, while some of its series read 0: each metric is shown whole, at 0
//! where the text shows it so. When it began, and that it is a native histogram, holds from the start.

use std::collections::HashMap;

use exposition::protobuf::model::{BucketSpan, Histogram, LabelPair, Metric, MetricFamily};

/// The family as it is shown: `whole` is what was pushed, `values` and `zeros` what its text says and shows.
pub(super) fn shown(whole: MetricFamily, values: MetricFamily, zeros: MetricFamily) -> MetricFamily {
    let pairs = values.metric.into_iter().zip(zeros.metric);
    let mut text: HashMap<Vec<LabelPair>, _> =
        pairs.map(|(value, zero)| (sorted(&value.label), (value, zero))).collect();
    let metric = whole.metric.into_iter().map(|metric| match text.remove(&sorted(&metric.label)) {
        Some((value, zero)) if value == zero => metric,
        Some((value, zero)) if at_zero(value.clone()) != zero => began(zero, &metric),
        // What the text knows nothing of was not shown before either.
        _ => at_zero(metric),
    });
    MetricFamily { metric: metric.collect(), ..whole }
}

fn sorted(labels: &[LabelPair]) -> Vec<LabelPair> {
    let mut labels = labels.to_vec();
    labels.sort();
    labels
}

/// Of a metric only some lines read 0, such as those of a bucket that is new: it is shown as the text has it.
fn began(mut shown: Metric, whole: &Metric) -> Metric {
    if let Some(created) = shown.created() {
        *created = whole.began();
    }
    shown
}

/// The same before anything was counted. An exemplar is of something that was.
fn at_zero(mut metric: Metric) -> Metric {
    if let Some(counter) = &mut metric.counter {
        (counter.value, counter.exemplar) = (Some(0.0), None);
    }
    if let Some(summary) = &mut metric.summary {
        (summary.sample_count, summary.sample_sum) = (Some(0), Some(0.0));
    }
    if let Some(histogram) = &mut metric.histogram {
        empty(histogram);
    }
    metric
}

fn empty(histogram: &mut Histogram) {
    let native = histogram.schema.is_some();
    (histogram.sample_count, histogram.sample_count_float) = (Some(0), None);
    histogram.sample_sum = Some(0.0);
    for bucket in &mut histogram.bucket {
        (bucket.cumulative_count, bucket.cumulative_count_float, bucket.exemplar) = (Some(0), None, None);
    }
    if native {
        (histogram.zero_count, histogram.zero_count_float) = (Some(0), None);
        // Without buckets and a zero bucket's width, a span of none says that it is native (`metrics.proto`).
        histogram.positive_span = vec![BucketSpan { offset: Some(0), length: Some(0) }];
        histogram.positive_delta.clear();
        histogram.positive_count.clear();
        histogram.negative_span.clear();
        histogram.negative_delta.clear();
        histogram.negative_count.clear();
    }
    histogram.exemplars.clear();
}
