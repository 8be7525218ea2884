//! What Prometheus itself adds to a scrape, failed or not.

use std::time::Duration;

use exposition::{GroupingKey, Kind, Page, PageBuilder};

use crate::sources::up;

/// Series of these names without other labels than the target's are ours, not the page's.
pub(super) const NAMES: [&str; 6] = [
    up::NAME,
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_body_size_bytes",
];

const HELP: [&str; 6] = [
    up::HELP,
    "How long the last scrape took.",
    "Samples that the target exposed.",
    "Samples that metric_relabel_configs left.",
    "Series that were not there in the scrape before.",
    "Bytes of the last page once unpacked; -1 if the scrape failed.",
];

/// The figures of one scrape.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Report {
    pub(super) duration: Duration,
    pub(super) samples: usize,
    pub(super) kept: usize,
    pub(super) added: usize,
    pub(super) body_bytes: f64,
}

impl Report {
    pub(super) fn page(&self, up: bool, key: &GroupingKey) -> Page {
        let values = [
            f64::from(u8::from(up)),
            self.duration.as_secs_f64(),
            self.samples as f64,
            self.kept as f64,
            self.added as f64,
            self.body_bytes,
        ];
        let labels: Vec<(&str, &str)> = key.iter().collect();
        let mut page = PageBuilder::new();
        for ((name, help), value) in NAMES.iter().zip(HELP).zip(values) {
            page.family(name, help, Kind::Gauge);
            page.sample(name, &labels, value);
        }
        page.finish()
    }
}
