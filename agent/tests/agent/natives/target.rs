//! A target with native histograms: Python's client makes none, so its bytes are made of the messages' types.

use std::sync::{Arc, Mutex};

use exposition::protobuf::model::{
    Bucket, BucketSpan, Exemplar, Histogram, LabelPair, Metric, MetricType, Timestamp,
};
use exposition::protobuf::{CONTENT_TYPE, MetricFamily, encode};

use super::super::doubles::{Double, answer};

/// When its histograms began, in Unix seconds.
pub(super) const BEGAN: i64 = 1_767_225_600;

/// What it answers: status, and page.
type Answer = (&'static str, Vec<u8>);

pub(super) struct Shown {
    double: Double,
    answer: Arc<Mutex<Answer>>,
}

fn bytes(families: &[MetricFamily]) -> Vec<u8> {
    let mut out = Vec::new();
    for family in families {
        encode(family, &mut out);
    }
    out
}

impl Shown {
    pub(super) fn new(families: &[MetricFamily]) -> Self {
        let kept: Arc<Mutex<Answer>> = Arc::new(Mutex::new(("200 OK", bytes(families))));
        let shown = Arc::clone(&kept);
        let double = Double::new(move |request, stream| {
            let (status, page) = shown.lock().unwrap().clone();
            // As Go's client: protobuf for whoever asks for it first.
            let asked = request.head.to_lowercase().contains("accept: application/vnd.google.protobuf");
            let content_type = if asked { CONTENT_TYPE } else { "text/plain; version=0.0.4" };
            let page = if asked { page } else { b"asked_for_text 1\n".to_vec() };
            answer(stream, status, &format!("content-type: {content_type}\r\n"), &page);
        });
        Self { double, answer: kept }
    }

    pub(super) fn shows(&self, families: &[MetricFamily]) {
        *self.answer.lock().unwrap() = ("200 OK", bytes(families));
    }

    pub(super) fn fails(&self) {
        self.answer.lock().unwrap().0 = "503 Gone";
    }

    pub(super) fn table(&self, more: &str) -> String {
        format!(
            "[[scrape]]\nurl = \"{}/metrics\"\ninstance = \"i\"\ntimeout = \"200ms\"\n\
             scrape_native_histograms = true\n{more}\n",
            self.double.url
        )
    }
}

pub(super) fn family(name: &str, kind: MetricType, histogram: Histogram) -> MetricFamily {
    let metric = Metric {
        label: vec![LabelPair::new("path", "/")],
        histogram: Some(Box::new(histogram)),
        ..Metric::default()
    };
    MetricFamily {
        name: Some(name.to_owned()),
        help: Some("Some help.".to_owned()),
        r#type: Some(kind as i32),
        metric: vec![metric],
        unit: None,
    }
}

/// Classic and native: one observation near 0, two up to a half, and what is left of `count` up to 1.
pub(super) fn native(count: u64) -> Histogram {
    let others = count.saturating_sub(3).cast_signed();
    let exemplar = Exemplar {
        label: vec![LabelPair::new("trace_id", "t1")],
        value: Some(0.4),
        timestamp: Some(Timestamp { seconds: BEGAN + 60, nanos: 0 }),
    };
    let buckets = if count < 3 { (vec![], vec![]) } else { (vec![2, others - 2], span(-1, 2)) };
    Histogram {
        sample_count: Some(count),
        sample_sum: Some(3.0),
        bucket: vec![Bucket {
            cumulative_count: Some(count.min(2)),
            upper_bound: Some(0.5),
            ..Bucket::default()
        }],
        created_timestamp: Some(Timestamp { seconds: BEGAN, nanos: 0 }),
        schema: Some(0),
        zero_threshold: Some(1e-9),
        zero_count: Some(count.min(1)),
        positive_span: buckets.1,
        positive_delta: buckets.0,
        exemplars: vec![exemplar],
        ..Histogram::default()
    }
}

/// Native only, in floats.
pub(super) fn float(count: f64) -> Histogram {
    Histogram {
        sample_count_float: Some(count),
        sample_sum: Some(1.5),
        schema: Some(2),
        zero_threshold: Some(1e-9),
        positive_span: span(0, 1),
        positive_count: vec![count],
        ..Histogram::default()
    }
}

fn span(offset: i32, length: u32) -> Vec<BucketSpan> {
    vec![BucketSpan { offset: Some(offset), length: Some(length) }]
}
