//! One source, as its newest snapshot tells.

use exposition::{Page, Sheet};
use serde::Serialize;

use super::events::Events;
use super::unix;
use crate::snapshot::Snapshot;

/// A source: a target, the host, the agent itself.
#[derive(Debug, Serialize)]
pub(super) struct Target {
    pub(super) name: String,
    /// Its grouping key as it stands in a gateway's URL.
    pub(super) group: String,
    pub(super) up: bool,
    pub(super) last_read_time_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_seconds: Option<f64>,
    pub(super) samples: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_error: Option<String>,
}

impl Target {
    pub(super) fn of(snapshot: &Snapshot, events: &Events) -> Self {
        // The first page is what the agent itself says of the reading.
        let report = snapshot.pages.first();
        let duration = report.and_then(|sheet| said(&sheet.page(), "scrape_duration_seconds"));
        let samples = snapshot.pages.iter().skip(1).map(Sheet::sample_count).sum();
        let failure = events.failure(&snapshot.source).filter(|_| !snapshot.up);
        Self {
            name: snapshot.source.clone(),
            group: snapshot.key.to_string(),
            up: snapshot.up,
            last_read_time_seconds: unix(snapshot.taken_at),
            duration_seconds: duration,
            samples,
            last_error: failure.map(|event| event.text),
        }
    }
}

fn said(page: &Page, name: &str) -> Option<f64> {
    page.samples().find(|sample| sample.name() == name).map(|sample| sample.value())
}
