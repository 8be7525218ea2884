//! How much of a page is accepted. The caller decides; nothing here is global.

/// The bounds that a page must keep, each inclusive.
///
/// One that is broken fails the whole page: Prometheus does the same, since half a page
/// would look like series that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the page, after decompression.
    pub body: usize,
    /// Sample lines.
    pub samples: usize,
    /// Labels of one series, without the name.
    pub series_labels: usize,
    /// Bytes of a metric name.
    pub name: usize,
    /// Bytes of a label name.
    pub label_name: usize,
    /// Bytes of a label value as written, escapes included.
    pub label_value: usize,
}

impl Limits {
    /// Nothing is refused for its size, but for the 4 GiB that the index can address.
    pub const NONE: Self = Self {
        body: usize::MAX,
        samples: usize::MAX,
        series_labels: usize::MAX,
        name: usize::MAX,
        label_name: usize::MAX,
        label_value: usize::MAX,
    };
}

impl Default for Limits {
    /// 16 MiB, 100,000 samples, 64 labels, names of 512 and values of 2,048 bytes.
    fn default() -> Self {
        Self {
            body: 16 << 20,
            samples: 100_000,
            series_labels: 64,
            name: 512,
            label_name: 512,
            label_value: 2_048,
        }
    }
}
