//! Families as a page of text 0.0.4, as Go's `expfmt` writes them.
//!
//! Of what text cannot say, a pushed page has nothing, and a scraped one has exemplars and beginnings beside it.

use super::model::{self, Metric, MetricFamily};
use super::openmetrics;
use crate::builder::PageBuilder;
use crate::encode::go_float;
use crate::error::TooLarge;
use crate::kind::Kind;
use crate::labels::Labels;
use crate::page::{Exemplar, Page};

/// Writes families that [`super::mend`] has found to be in order as a page of at most `most` bytes.
/// Explicit timestamps are kept.
pub fn page(families: &[MetricFamily], most: usize) -> Result<Page, TooLarge> {
    written(families, most, false)
}

/// The same as Prometheus reads a scrape: bounds are spelt as in OpenMetrics (`1.0`), so that a series is called
/// the same in both formats, a timestamp of 0 is none, and samples have exemplars and beginnings beside the text.
pub fn scraped(families: &[MetricFamily], most: usize) -> Result<Page, TooLarge> {
    written(families, most, true)
}

fn written(families: &[MetricFamily], most: usize, scraped: bool) -> Result<Page, TooLarge> {
    let mut page = Writer { page: PageBuilder::within(most), scraped };
    for family in families {
        let kind = family.kind().unwrap_or_default();
        page.page.family(family.name(), family.help(), kind);
        if scraped {
            page.page.unit(family.unit());
        }
        for metric in &family.metric {
            page.lines(family.name(), metric, kind);
        }
    }
    page.page.try_finish()
}

struct Writer {
    page: PageBuilder,
    scraped: bool,
}

/// What a line has beside its name and the labels of its metric.
#[derive(Clone, Copy, Default)]
struct More<'a> {
    bound: Option<(&'a str, f64)>,
    exemplar: Option<&'a model::Exemplar>,
}

impl Writer {
    fn lines(&mut self, name: &str, metric: &Metric, kind: Kind) {
        let suffixed = |suffix: &str| format!("{name}{suffix}");
        let bound = |name, bound| More { bound: Some((name, bound)), exemplar: None };
        match (&metric.summary, &metric.histogram) {
            (Some(summary), _) if kind == Kind::Summary => {
                for it in &summary.quantile {
                    let quantile = bound("quantile", it.quantile.unwrap_or_default());
                    self.line(name, metric, quantile, it.value.unwrap_or_default());
                }
                let (sum, count) = (summary.sample_sum, summary.sample_count.unwrap_or_default());
                self.line(&suffixed("_sum"), metric, More::default(), sum.unwrap_or_default());
                self.line(&suffixed("_count"), metric, More::default(), count as f64);
            }
            (_, Some(histogram)) if matches!(kind, Kind::Histogram | Kind::GaugeHistogram) => {
                let bucket = suffixed("_bucket");
                let mut infinite = false;
                for it in &histogram.bucket {
                    let upper = it.upper_bound.unwrap_or_default();
                    infinite |= upper == f64::INFINITY;
                    let more = More { exemplar: it.exemplar.as_deref(), ..bound("le", upper) };
                    self.line(&bucket, metric, more, it.count());
                }
                if !infinite {
                    self.line(&bucket, metric, bound("le", f64::INFINITY), histogram.count());
                }
                let sum = histogram.sample_sum.unwrap_or_default();
                self.line(&suffixed("_sum"), metric, More::default(), sum);
                self.line(&suffixed("_count"), metric, More::default(), histogram.count());
            }
            _ => {
                let exemplar = metric.counter.as_ref().and_then(|counter| counter.exemplar.as_ref());
                self.line(name, metric, More { exemplar, bound: None }, metric.value());
            }
        }
    }

    fn line(&mut self, name: &str, metric: &Metric, more: More<'_>, value: f64) {
        self.page.begin(name);
        for label in &metric.label {
            self.page.label(label.name(), label.value());
        }
        if let Some((name, bound)) = more.bound {
            let spelt = if self.scraped { canonical(bound) } else { go_float(bound) };
            self.page.label(name, &spelt);
        }
        let stamp = metric.timestamp_ms.filter(|stamp| !self.scraped || *stamp != 0);
        self.page.end(value, Some(&go_float(value)), stamp);
        if self.scraped {
            self.beside(metric, more.exemplar);
        }
    }

    fn beside(&mut self, metric: &Metric, exemplar: Option<&model::Exemplar>) {
        let began = metric.began().map(model::Timestamp::milliseconds);
        let Some(it) = exemplar else { return self.page.beside(began, None) };
        let mut block = Vec::new();
        openmetrics::block(&it.label, None, &mut block);
        // Of `str`s and ASCII.
        let block = String::from_utf8(block).unwrap_or_default();
        let exemplar = Exemplar {
            labels: Labels::after(&block, 0),
            value: it.value.unwrap_or_default(),
            timestamp_ms: it.timestamp.map(model::Timestamp::milliseconds),
        };
        self.page.beside(began, Some(exemplar));
    }
}

/// A bound as Prometheus spells it in a protobuf scrape (`model/textparse/protobufparse.go`): with Go's exponents,
/// `1e+06`, which OpenMetrics writes `1000000.0`.
fn canonical(bound: f64) -> String {
    let mut text = go_float(bound);
    if bound.is_finite() && !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}
