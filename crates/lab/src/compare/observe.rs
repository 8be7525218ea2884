//! What is asked at the end: raw samples, `increase()` and `rate()` by way, as a user would ask.

use std::collections::HashMap;

use anyhow::Context;
use serde_json::{Map, Value};

use super::observed::{Rates, Raw};
use super::path::Path;
use super::poll::Places;
use crate::prometheus::Prometheus;

/// Longer than any scenario with its hold.
const RANGE: &str = "20m";
/// The counter of events.
const COUNTER: &str = "app_requests_total{job=\"api\"}";

/// The raw samples of each instance, with `increase()` over them at the same moment, Unix seconds.
///
/// # Errors
///
/// Where this Prometheus does not answer.
pub async fn raw(path: Path, server: &Prometheus, places: &Places, at: f64) -> anyhow::Result<Vec<Raw>> {
    let named = || format!("the end query of {}", path.name());
    let series = server.samples(&format!("{COUNTER}[{RANGE}]"), at).await.with_context(named)?;
    let increases =
        server.query_at(&format!("increase({COUNTER}[{RANGE}])"), at).await.with_context(named)?;
    let increases: HashMap<usize, f64> =
        increases.iter().filter_map(|point| Some((place(&point.labels, places)?, point.value))).collect();
    let raw = series.into_iter().filter_map(|series| {
        let pod = place(&series.labels, places)?;
        Some(Raw { path, pod, samples: series.samples, increase: increases.get(&pod).copied() })
    });
    Ok(raw.collect())
}

/// `rate()` over two scrape intervals, each second between two moments.
///
/// # Errors
///
/// Where this Prometheus does not answer.
pub async fn rates(
    path: Path,
    server: &Prometheus,
    places: &Places,
    scrape: f64,
    (from, until): (f64, f64),
) -> anyhow::Result<Vec<Rates>> {
    let query = format!("rate({COUNTER}[{}ms])", (2_000.0 * scrape).round());
    let series = server.range(&query, from, until, 1.0).await;
    let series = series.with_context(|| format!("the rates of {}", path.name()))?;
    let rates = series.into_iter().filter_map(|series| {
        Some(Rates { path, pod: place(&series.labels, places)?, points: series.samples })
    });
    Ok(rates.collect())
}

fn place(labels: &Map<String, Value>, places: &Places) -> Option<usize> {
    places.get(labels.get("instance")?.as_str()?).copied()
}
