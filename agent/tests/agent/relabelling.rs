//! `metric_relabel_configs`: the real Prometheus, with the same rules and pages, must have the same series.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent::config::{RelabelConfig, Target};
use agent::sources::Source;
use agent::sources::scrape::Scrape;
use agent::stats::Stats;
use serde_json::Value;

use super::peers;
use super::relabelling_rows::ROWS;

/// Labels of a series, the metric name among them, and its value.
type Series = BTreeMap<Vec<(String, String)>, String>;

#[tokio::test]
async fn the_series_are_those_of_prometheus() {
    service::crypto::install();
    let pages = ROWS.iter().enumerate().map(|(at, (page, _))| numbered(page, at).into_bytes()).collect();
    let port = peers::serve(pages, "text/plain; version=0.0.4");
    let folder = tempfile::tempdir().unwrap();
    let mut config = "global: {scrape_interval: 1s}\nscrape_configs:\n".to_owned();
    for (at, (_, rules)) in ROWS.iter().enumerate() {
        // JSON is YAML.
        let rules = numbered(rules, at);
        writeln!(config, "- job_name: r{at}\n  metrics_path: /{at}\n  static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n  sample_limit: 8\n  metric_relabel_configs: {rules}").unwrap();
    }
    let prometheus = peers::prometheus(folder.path(), &config);
    let health = scraped(prometheus.port);
    let mut told = Vec::new();
    for (at, (page, rules)) in ROWS.iter().enumerate() {
        let (is_up, error) = &health[&format!("r{at}")];
        let ours = ours(port, at, &numbered(rules, at)).await;
        let mut theirs = theirs(prometheus.port, at);
        if !is_up {
            // Of a failed scrape only what is said of the scrape is there.
            theirs.retain(|labels, _| !labels[0].1.starts_with("scrape_"));
        }
        if (ours.is_some(), ours.clone().unwrap_or_default()) != (*is_up, theirs.clone()) {
            told.push(format!(
                "{at}: {page:?} {rules}\n  ours {ours:?}\n  theirs {is_up} {error} {theirs:?}"
            ));
        }
    }
    assert!(told.is_empty(), "{} of {}:\n{}", told.len(), ROWS.len(), told.join("\n"));
    assert!(ROWS.len() >= 40 && health.values().any(|(is_up, _)| !is_up));
}

/// Names that tell the rows apart.
fn numbered(text: &str, at: usize) -> String {
    text.replace("m_", &format!("m{at}_"))
}

/// What the agent would push, and its `scrape_samples_*`; none where the scrape fails.
async fn ours(port: u16, at: usize, rules: &str) -> Option<Series> {
    let rules: Vec<RelabelConfig> = serde_json::from_str(rules).unwrap();
    let mut target =
        Target { metric_relabel_configs: rules, ..Target::at(&format!("http://127.0.0.1:{port}/{at}")) };
    target.limits.samples = 8;
    let key = format!("job/r{at}/instance/127.0.0.1:{port}").parse().unwrap();
    let mut scrape = Scrape::new("t", &target, None, key, Arc::new(Stats::new().unwrap()));
    let first = scrape.collect().await;
    // What was decided once must hold.
    let second = scrape.collect().await;
    let of = |snapshot: &agent::snapshot::Snapshot| {
        let pages = snapshot.written(0);
        let samples = pages.iter().flat_map(|page| page.samples());
        let known = samples.filter(|sample| is_compared(sample.name()));
        known.map(|sample| (labels(&sample), sample.value().to_string())).collect::<Series>()
    };
    assert_eq!(of(&first), of(&second), "{at}");
    first.up.then(|| of(&first))
}

fn labels(sample: &exposition::Sample<'_>) -> Vec<(String, String)> {
    let labels = sample.labels().filter(|label| !label.value.is_empty());
    let mut labels: Vec<_> = labels.map(|label| (label.name.to_owned(), label.value.into_owned())).collect();
    labels.push(("__name__".to_owned(), sample.name().to_owned()));
    labels.sort();
    labels
}

/// Series of the page, and the two that count them.
fn is_compared(name: &str) -> bool {
    let ours = ["up", "scrape_duration_seconds", "scrape_series_added", "scrape_body_size_bytes"];
    !ours.contains(&name)
}

fn theirs(port: u16, at: usize) -> Series {
    let mut series = Series::new();
    // Rules may take the job or the name away, never both.
    for query in [format!("%7Bjob%3D%22r{at}%22%7D"), format!("%7B__name__%3D~%22m{at}_.*%22%7D")] {
        let (_, body) = peers::request(port, "GET", &format!("/api/v1/query?query={query}"), b"").unwrap();
        let answer: Value = serde_json::from_str(&body).unwrap();
        for found in answer["data"]["result"].as_array().unwrap() {
            let metric = found["metric"].as_object().unwrap();
            let mut labels: Vec<_> = metric
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect();
            labels.sort();
            if is_compared(metric["__name__"].as_str().unwrap()) {
                series.insert(labels, found["value"][1].as_str().unwrap().to_owned());
            }
        }
    }
    series
}

/// Whether each job could be scraped, and why not.
fn scraped(port: u16) -> BTreeMap<String, (bool, String)> {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let (_, body) = peers::request(port, "GET", "/api/v1/targets?state=active", b"").unwrap();
        let answer: Value = serde_json::from_str(&body).unwrap();
        let targets = answer["data"]["activeTargets"].as_array().cloned().unwrap_or_default();
        if targets.len() == ROWS.len() && targets.iter().all(|target| target["health"] != "unknown") {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let of = |target: &Value| {
                (text(&target["labels"]["job"]), (target["health"] == "up", text(&target["lastError"])))
            };
            return targets.iter().map(of).collect();
        }
        assert!(Instant::now() < end, "not all pages were scraped: {body}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}
