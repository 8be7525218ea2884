//! What Prometheus itself adds to a scrape, failed or not.

use std::sync::Arc;
use std::time::Duration;

use exposition::{Form, GroupingKey, Kind, Page, PageBuilder, Rewrite, Sheet};

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

/// How the reports of a target stand, which differ in their values alone.
#[derive(Debug)]
pub(super) struct Reports {
    /// None where the key has no labels to be put on.
    form: Option<Arc<Form>>,
}

impl Reports {
    pub(super) fn of(key: &GroupingKey) -> Self {
        let labels: Vec<(&str, &str)> = key.iter().collect();
        let (page, how) = (page(&[], [0.0; 6]), Rewrite { labels: &labels, ..Rewrite::default() });
        Self { form: Form::of(&page, &page.rewrite(&how), &how).map(Arc::new) }
    }

    /// One of them.
    pub(super) fn sheet(&self, report: &Report, up: bool, key: &GroupingKey) -> Sheet {
        let values = [
            f64::from(u8::from(up)),
            report.duration.as_secs_f64(),
            report.samples as f64,
            report.kept as f64,
            report.added as f64,
            report.body_bytes,
        ];
        let filled = self.form.as_ref().and_then(|form| form.fill(values.into()));
        filled.map_or_else(|| page(&key.iter().collect::<Vec<_>>(), values).into(), Sheet::from)
    }
}

fn page(labels: &[(&str, &str)], values: [f64; 6]) -> Page {
    let mut page = PageBuilder::new();
    for ((name, help), value) in NAMES.iter().zip(HELP).zip(values) {
        page.family(name, help, Kind::Gauge);
        page.sample(name, labels, value);
    }
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_the_labels_of_its_target() {
        let report = Report { duration: Duration::from_millis(250), body_bytes: -1.0, ..Report::default() };
        for key in ["job/j/instance/i", "job/j"] {
            let key: GroupingKey = key.parse().unwrap();
            let sheet = Reports::of(&key).sheet(&report, false, &key);
            let labels: Vec<(&str, &str)> = key.iter().collect();
            let whole = page(&labels, [0.0, 0.25, 0.0, 0.0, 0.0, -1.0]);
            assert!(matches!(sheet, Sheet::Filled(_)));
            assert_eq!(sheet.page().text(), whole.text());
        }
    }
}
