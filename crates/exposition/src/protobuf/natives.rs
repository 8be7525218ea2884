//! Native histograms of a scrape: a page with a line for each, and what each is for remote write.
//!
//! A line is the series as text would have it, and its value is the place of its histogram. So whatever is done
//! to pages (labels put on, series renamed, left out, or found again) is done to native histograms as well.

use std::sync::Arc;

use prost::Message;

use super::model::{self, MetricFamily, Timestamp};
use super::native;
use crate::builder::PageBuilder;
use crate::error::TooLarge;
use crate::kind::Kind;
use crate::page::{Page, Sample};
use crate::remote_write::{self, encode_labels, message};

/// The native histograms of one scrape. Copies share what they hold.
#[derive(Debug, Clone)]
pub struct Natives {
    page: Page,
    all: Arc<[Native]>,
}

/// One native histogram.
#[derive(Debug)]
pub struct Native {
    /// [`message::Histogram`] without timestamps, encoded.
    pub message: Vec<u8>,
    /// [`Kind::Histogram`], or [`Kind::GaugeHistogram`], which may fall.
    pub kind: Kind,
    /// It counts in floats.
    pub is_float: bool,
    /// Its observations.
    pub count: f64,
    /// Exemplars in the order of their times; those without one have no place beside a native histogram, as
    /// Prometheus decides it.
    pub exemplars: Vec<NativeExemplar>,
}

/// An exemplar of a native histogram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeExemplar {
    /// Its labels, from [`encode_labels`].
    pub labels: Vec<u8>,
    /// Its value as bits.
    pub bits: u64,
    /// When it was observed, in milliseconds since 1970.
    pub timestamp_ms: i64,
}

/// Finds the native histograms of families that [`super::mend`] has found to be in order. The page of their
/// series has at most `most` bytes.
pub fn natives(families: &[MetricFamily], most: usize) -> Result<Natives, TooLarge> {
    let (mut page, mut all) = (PageBuilder::within(most), Vec::new());
    for family in families {
        let kind = family.kind().unwrap_or_default();
        // Not a histogram by its type: a line of it may be renamed, and stands alone.
        page.family(family.name(), "", Kind::Untyped);
        page.unit(family.unit());
        for metric in &family.metric {
            let Some(it) = metric.histogram.as_deref().filter(|it| native::is_native(it)) else { continue };
            page.begin(family.name());
            for label in &metric.label {
                page.label(label.name(), label.value());
            }
            page.end(all.len() as f64, None, metric.timestamp_ms.filter(|stamp| *stamp != 0));
            page.beside(it.created_timestamp.map(Timestamp::milliseconds), None);
            all.push(Native::new(it, kind));
        }
    }
    Ok(Natives { page: page.try_finish()?, all: all.into() })
}

impl Natives {
    /// The page of their series.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// The same with another page made of it: what is left, as it is called now.
    #[must_use]
    pub fn with_page(&self, page: Page) -> Self {
        Self { page, all: Arc::clone(&self.all) }
    }

    /// The histogram of a line of the page.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "written as a place")]
    pub fn of(&self, line: &Sample<'_>) -> Option<&Native> {
        self.all.get(line.value() as usize)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.page.sample_count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that they take, about.
    pub fn bytes(&self) -> usize {
        self.page.text().len()
            + self.all.iter().map(|it| it.message.len() + size_of::<Native>()).sum::<usize>()
    }
}

impl Native {
    fn new(it: &model::Histogram, kind: Kind) -> Self {
        let own = it.exemplars.iter();
        let of_buckets = it.bucket.iter().filter_map(|bucket| bucket.exemplar.as_deref());
        let all: Vec<_> = if it.exemplars.is_empty() { of_buckets.collect() } else { own.collect() };
        let mut exemplars: Vec<NativeExemplar> = all.into_iter().filter_map(exemplar).collect();
        exemplars.sort_by_key(|it| it.timestamp_ms);
        Self {
            message: message::Histogram::of(it, kind).encode_to_vec(),
            kind,
            is_float: native::is_float(it),
            count: it.count(),
            exemplars,
        }
    }

    /// The marker that ends such a series: nothing but a sum with the bits of a staleness marker, as
    /// Prometheus has it (`tsdb/head_append.go`).
    pub fn stale(is_float: bool) -> Vec<u8> {
        let (count, zero_count) = if is_float {
            (message::Count::Float(0.0), message::ZeroCount::Float(0.0))
        } else {
            (message::Count::Int(0), message::ZeroCount::Int(0))
        };
        let marker = message::Histogram {
            count: Some(count),
            zero_count: Some(zero_count),
            sum: f64::from_bits(remote_write::STALE),
            ..message::Histogram::default()
        };
        marker.encode_to_vec()
    }
}

fn exemplar(it: &model::Exemplar) -> Option<NativeExemplar> {
    let timestamp_ms = it.timestamp?.milliseconds();
    let labels = encode_labels(it.label.iter().map(|label| (label.name(), label.value()))).ok()?;
    Some(NativeExemplar { labels, bits: remote_write::bits(it.value.unwrap_or_default()), timestamp_ms })
}

impl message::Histogram {
    /// A scraped native histogram without times, as Prometheus reads it (`model/textparse/protobufparse.go`).
    pub fn of(it: &model::Histogram, kind: Kind) -> Self {
        let spans = |all: &[model::BucketSpan]| {
            let span = |it: &model::BucketSpan| message::BucketSpan {
                offset: it.offset.unwrap_or_default(),
                length: it.length.unwrap_or_default(),
            };
            all.iter().map(span).collect()
        };
        let is_float = native::is_float(it);
        let (count, zero_count) = if is_float {
            let zeros = it.zero_count_float.unwrap_or_default();
            (
                message::Count::Float(it.sample_count_float.unwrap_or_default()),
                message::ZeroCount::Float(zeros),
            )
        } else {
            let zeros = it.zero_count.unwrap_or_default();
            (message::Count::Int(it.sample_count.unwrap_or_default()), message::ZeroCount::Int(zeros))
        };
        Self {
            count: Some(count),
            // A page cannot say that a series ended.
            sum: f64::from_bits(remote_write::bits(it.sample_sum.unwrap_or_default())),
            schema: it.schema.unwrap_or_default(),
            zero_threshold: it.zero_threshold.unwrap_or_default(),
            zero_count: Some(zero_count),
            negative_spans: spans(&it.negative_span),
            negative_deltas: it.negative_delta.clone(),
            negative_counts: it.negative_count.clone(),
            positive_spans: spans(&it.positive_span),
            positive_deltas: it.positive_delta.clone(),
            positive_counts: it.positive_count.clone(),
            reset_hint: if kind == Kind::GaugeHistogram { 3 } else { 0 },
            ..Self::default()
        }
    }
}
