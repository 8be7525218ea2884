//! What text 0.0.4 cannot say of a family, and what these messages are as plain values.

use super::model::{Bucket, Histogram, LabelPair, Metric, MetricFamily, MetricType, Timestamp};
use super::native;
use crate::kind::Kind;

/// Whether text 0.0.4 says all that there is to this family: no native histogram, no exemplar, nothing
/// about when a series began, no unit.
pub fn is_brief(family: &MetricFamily) -> bool {
    family.unit.is_none() && family.metric.iter().all(is_plain)
}

fn is_plain(metric: &Metric) -> bool {
    let counter = metric.counter.as_ref().is_none_or(|it| it.exemplar.is_none());
    let histogram = metric.histogram.as_ref().is_none_or(|it| {
        it.exemplars.is_empty()
            && it.bucket.iter().all(|bucket| bucket.exemplar.is_none())
            && !native::is_native(it)
    });
    metric.began().is_none() && counter && histogram
}

impl MetricFamily {
    /// Its type; none where it is of a number that nobody knows.
    pub fn kind(&self) -> Option<Kind> {
        Some(match MetricType::try_from(self.r#type.unwrap_or_default()).ok()? {
            MetricType::Counter => Kind::Counter,
            MetricType::Gauge => Kind::Gauge,
            MetricType::Summary => Kind::Summary,
            MetricType::Untyped => Kind::Untyped,
            MetricType::Histogram => Kind::Histogram,
            MetricType::GaugeHistogram => Kind::GaugeHistogram,
        })
    }
}

impl From<Kind> for MetricType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Self::Counter,
            Kind::Gauge | Kind::Info | Kind::StateSet => Self::Gauge,
            Kind::Summary => Self::Summary,
            Kind::Untyped => Self::Untyped,
            Kind::Histogram => Self::Histogram,
            Kind::GaugeHistogram => Self::GaugeHistogram,
        }
    }
}

impl Metric {
    /// The value of a metric that has just one, whatever its type.
    pub fn value(&self) -> f64 {
        let counter = self.counter.as_ref().and_then(|counter| counter.value);
        let others = self.gauge.or(self.untyped).and_then(|value| value.value);
        counter.or(others).unwrap_or_default()
    }

    /// When the series began, where it says so.
    pub fn began(&self) -> Option<Timestamp> {
        let counter = self.counter.as_ref().and_then(|it| it.created_timestamp);
        let summary = self.summary.as_ref().and_then(|it| it.created_timestamp);
        counter.or(summary).or(self.histogram.as_ref().and_then(|it| it.created_timestamp))
    }

    /// The place of that, where it can say so.
    pub fn created(&mut self) -> Option<&mut Option<Timestamp>> {
        let counter = self.counter.as_mut().map(|it| &mut it.created_timestamp);
        let summary = self.summary.as_mut().map(|it| &mut it.created_timestamp);
        counter.or(summary).or(self.histogram.as_mut().map(|it| &mut it.created_timestamp))
    }
}

impl Histogram {
    /// How many observations there are; a float histogram's count stands elsewhere.
    pub fn count(&self) -> f64 {
        match self.sample_count_float {
            Some(count) if count > 0.0 => count,
            _ => self.sample_count.unwrap_or_default() as f64,
        }
    }
}

impl Bucket {
    /// How many observations are in this bucket and those below it.
    pub fn count(&self) -> f64 {
        match self.cumulative_count_float {
            Some(count) if count > 0.0 => count,
            _ => self.cumulative_count.unwrap_or_default() as f64,
        }
    }
}

impl LabelPair {
    /// A label.
    pub fn new(name: &str, value: &str) -> Self {
        Self { name: Some(name.to_owned()), value: Some(value.to_owned()) }
    }
}

impl Timestamp {
    /// Unix seconds.
    pub fn unix(self) -> f64 {
        self.seconds as f64 + f64::from(self.nanos) / 1e9
    }

    /// Unix milliseconds, rounded down.
    pub fn milliseconds(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add(i64::from(self.nanos) / 1_000_000)
    }

    /// From Unix seconds; none outside of the years that a timestamp can have.
    pub fn of(seconds: f64) -> Option<Self> {
        // Far from the ends of `i64`, and the part behind the point is below 1e9.
        #[allow(clippy::cast_possible_truncation, reason = "within the bounds that were just checked")]
        let stamp = Self {
            seconds: seconds.floor() as i64,
            nanos: ((seconds - seconds.floor()) * 1e9).floor().min(999_999_999.0) as i32,
        };
        (seconds.is_finite() && stamp.is_valid()).then_some(stamp)
    }

    /// Whether it lies in the years 1 to 9999 (`google/protobuf/timestamp.proto`).
    pub fn is_valid(self) -> bool {
        (-62_135_596_800..253_402_300_800).contains(&self.seconds) && (0..1_000_000_000).contains(&self.nanos)
    }
}
