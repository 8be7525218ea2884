//! The types that a `# TYPE` line can give a family.

use std::fmt;

/// The type of a family, over both text formats.
///
/// Text 0.0.4 knows the first five; OpenMetrics 1.0 calls [`Kind::Untyped`] `unknown` and adds the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// Only goes up, but for restarts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Cumulative `_bucket{le}`, `_sum`, `_count`.
    Histogram,
    /// `{quantile}`, `_sum`, `_count`.
    Summary,
    /// No type was given: `untyped` in text, `unknown` in OpenMetrics.
    #[default]
    Untyped,
    /// OpenMetrics: buckets that may go down.
    GaugeHistogram,
    /// OpenMetrics: labels as data, always 1.
    Info,
    /// OpenMetrics: one 0/1 sample for each state.
    StateSet,
}

impl Kind {
    /// The word of a text 0.0.4 `# TYPE` line.
    ///
    /// The three kinds that text 0.0.4 lacks become the nearest that it has, as
    /// Prometheus' own client libraries do when they are asked for plain text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge | Self::Info | Self::StateSet => "gauge",
            Self::Histogram | Self::GaugeHistogram => "histogram",
            Self::Summary => "summary",
            Self::Untyped => "untyped",
        }
    }

    /// The word of an OpenMetrics 1.0 `# TYPE` line.
    pub fn as_openmetrics(self) -> &'static str {
        match self {
            Self::Untyped => "unknown",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Info => "info",
            Self::StateSet => "stateset",
            other => other.as_str(),
        }
    }

    /// The label that tells the parts of one series apart, where it has such parts: no series may have one
    /// of that name besides.
    pub fn bound(self) -> Option<&'static str> {
        match self {
            Self::Histogram | Self::GaugeHistogram => Some("le"),
            Self::Summary => Some("quantile"),
            _ => None,
        }
    }

    /// The inverse of [`Kind::as_str`], as Prometheus' scraper reads it: lower case, five words.
    pub(crate) fn from_text(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "summary" => Self::Summary,
            "untyped" => Self::Untyped,
            _ => return None,
        })
    }

    /// The inverse of [`Kind::as_openmetrics`].
    pub(crate) fn from_openmetrics(word: &str) -> Option<Self> {
        Some(match word {
            "unknown" => Self::Untyped,
            "gaugehistogram" => Self::GaugeHistogram,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            "untyped" => return None,
            other => return Self::from_text(other),
        })
    }

    /// A Pushgateway's reading: any case, and gauge histograms by both of their names.
    pub(crate) fn from_pushed(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "gauge_histogram" | "gaugehistogram" => Some(Self::GaugeHistogram),
            lower => Self::from_text(lower),
        }
    }

    /// The suffixes that samples of this kind may add to the family's name.
    fn suffixes(self, openmetrics: bool) -> &'static [&'static str] {
        match (self, openmetrics) {
            (Self::Histogram | Self::GaugeHistogram, false) => &["", "_bucket", "_sum", "_count"],
            (Self::Summary, false) => &["", "_sum", "_count"],
            (Self::Histogram, true) => &["", "_bucket", "_sum", "_count", "_created"],
            (Self::Summary, true) => &["", "_sum", "_count", "_created"],
            (Self::Counter, true) => &["_total", "_created"],
            (Self::Info, true) => &["_info"],
            // `_gsum` and `_gcount` stand for themselves: no text format but OpenMetrics knows them.
            (Self::GaugeHistogram, true) => &["", "_bucket"],
            _ => &[""],
        }
    }

    /// Whether a sample of this name belongs to the family of this name.
    pub(crate) fn owns(self, family: &str, sample: &str, openmetrics: bool) -> bool {
        let Some(suffix) = sample.strip_prefix(family) else { return false };
        // Some exporters declare the counter `x_total` itself; Prometheus takes that.
        let bare = openmetrics
            && match self {
                Self::Counter => family.ends_with("_total"),
                Self::Info => family.ends_with("_info"),
                _ => false,
            };
        if bare { suffix.is_empty() } else { self.suffixes(openmetrics).contains(&suffix) }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
