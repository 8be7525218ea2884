//! The fallback for pulls: the newest snapshot of every source as one page, with its age.
//!
//! It never waits for a gateway, so it answers while all of them are down. It speaks text 0.0.4 only:
//! in another format a counter `foo` would be `foo_total`, and not the series that was pushed.

mod joined;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use exposition::{Kind, Page, PageBuilder, encode};
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;
use service::negotiate;
use warp::reply::Response;

use crate::snapshot::Snapshot;

/// The newest snapshots.
#[derive(Debug)]
pub struct Pull {
    newest: Mutex<BTreeMap<String, Arc<Snapshot>>>,
    sources: usize,
    /// Sources that come later were no part of the start.
    ready: AtomicBool,
}

impl Pull {
    /// Ready once so many sources have been read.
    pub fn new(sources: usize) -> Self {
        Self { newest: Mutex::default(), sources, ready: AtomicBool::new(false) }
    }

    /// Takes a snapshot in place of its source's last one.
    pub fn offer(&self, snapshot: Arc<Snapshot>) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.insert(snapshot.source.clone(), snapshot);
    }

    /// Shows a source no longer.
    pub fn forget(&self, source: &str) {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }

    /// All newest snapshots, by source.
    pub(crate) fn newest(&self) -> Vec<Arc<Snapshot>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Whether each source that was there at the start was read; once it is, it stays so.
    pub(crate) fn ready(&self) -> bool {
        if self.newest().len() >= self.sources {
            self.ready.store(true, Ordering::Relaxed);
        }
        self.ready.load(Ordering::Relaxed)
    }

    /// All as one page of text.
    fn text(&self) -> Vec<u8> {
        let newest = self.newest();
        let ages = ages(&newest);
        let mut out = Vec::new();
        let pages: Vec<_> = newest.iter().flat_map(|snapshot| snapshot.written(0)).collect();
        joined::text(pages.iter().map(AsRef::as_ref).chain([&ages]), &mut out);
        out
    }

    /// The page of metrics.
    pub(crate) fn metrics(&self, headers: &HeaderMap) -> Response {
        // What is no text is as good as not sent; several lines are one list.
        let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let taken = values.collect::<Vec<_>>().join(",");
        negotiate::page(self.text(), encode::TEXT, Some(&taken)).map(Into::into)
    }
}

fn age(snapshot: &Snapshot) -> f64 {
    SystemTime::now().duration_since(snapshot.taken_at).unwrap_or_default().as_secs_f64()
}

fn ages(newest: &[Arc<Snapshot>]) -> Page {
    let name = "pushpull_agent_snapshot_age_seconds";
    let mut page = PageBuilder::new();
    page.family(name, "Age of what is shown of each source.", Kind::Gauge);
    for snapshot in newest {
        let labels: Vec<(&str, &str)> =
            snapshot.key.iter().chain([("source", snapshot.source.as_str())]).collect();
        page.sample(name, &labels, age(snapshot));
    }
    page.finish()
}
