//! The fallback for pulls: the newest snapshot of every source as one page, with its age.
//!
//! It never waits for a gateway, so it answers while all of them are down.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use exposition::{Kind, Limits, Page, PageBuilder, encode, merge};
use http::StatusCode;
use http::header::{ACCEPT, ACCEPT_ENCODING};
use service::negotiate::{self, Format};
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::snapshot::Snapshot;
use crate::stats::Stats;

/// The newest snapshots.
#[derive(Debug)]
pub struct Pull {
    newest: Mutex<BTreeMap<String, Arc<Snapshot>>>,
    sources: usize,
    stats: Arc<Stats>,
}

impl Pull {
    /// Ready once so many sources have been read.
    pub fn new(sources: usize, stats: Arc<Stats>) -> Self {
        Self { newest: Mutex::default(), sources, stats }
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

    fn newest(&self) -> Vec<Arc<Snapshot>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn ready(&self) -> bool {
        self.newest().len() >= self.sources
    }

    /// All as one page of text.
    fn text(&self) -> Vec<u8> {
        let newest = self.newest();
        let ages = ages(&newest);
        let mut out = Vec::new();
        merge::text(newest.iter().flat_map(|snapshot| &snapshot.pages).chain([&ages]), &mut out);
        out
    }

    fn metrics(&self, accept: Option<&str>, accept_encoding: Option<&str>) -> Response {
        let format = negotiate::format(accept, &[Format::OpenMetrics]);
        let (out, content_type) = match (format, self.text()) {
            (Format::OpenMetrics, text) => {
                let mut out = Vec::new();
                // What we merged is a page again; the bytes are our own.
                let page = Page::parse(text, &Limits::NONE).unwrap_or_default();
                encode::openmetrics(&page, &mut out);
                (out, encode::OPENMETRICS)
            }
            (_, text) => (text, encode::TEXT),
        };
        negotiate::page(out, content_type, accept_encoding).map(Into::into)
    }

    fn page(&self) -> String {
        let rows: String = self
            .newest()
            .iter()
            .map(|snapshot| {
                let state = if snapshot.up { "up" } else { "down" };
                format!(
                    "{:<5} {:>6.1} s ago  {}  /metrics/{}\n",
                    state,
                    age(snapshot),
                    snapshot.source,
                    snapshot.key
                )
            })
            .collect();
        let endpoints = exposition::registry::page(&self.stats.registry);
        let endpoints: String = endpoints
            .samples()
            .filter(|sample| sample.label("endpoint").is_some())
            .map(|sample| format!("{}\n", sample.line()))
            .collect();
        format!("pushpull agent: /metrics /-/healthy /-/ready\n\nsources\n{rows}\nendpoints\n{endpoints}")
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

/// The routes of the agent's listener.
pub fn filter(
    pull: Arc<Pull>,
) -> impl Filter<Extract = (impl Reply + use<>,), Error = warp::Rejection> + Clone + use<> {
    let with = warp::any().map(move || Arc::clone(&pull));
    let header = |name: &'static str| warp::header::optional::<String>(name);
    let metrics = warp::path!("metrics")
        .and(with.clone())
        .and(header(ACCEPT.as_str()))
        .and(header(ACCEPT_ENCODING.as_str()))
        .map(|pull: Arc<Pull>, accept: Option<String>, encoding: Option<String>| {
            pull.metrics(accept.as_deref(), encoding.as_deref())
        });
    let healthy = warp::path!("-" / "healthy").map(|| "OK\n".into_response());
    let ready = warp::path!("-" / "ready").and(with.clone()).map(|pull: Arc<Pull>| {
        if pull.ready() {
            return "OK\n".into_response();
        }
        warp::reply::with_status("no source was read yet\n", StatusCode::SERVICE_UNAVAILABLE).into_response()
    });
    let page = warp::path::end().and(with).map(|pull: Arc<Pull>| pull.page().into_response());
    let methods = warp::get().or(warp::head()).unify();
    metrics.or(healthy).unify().or(ready).unify().or(page).unify().and(methods)
}
