//! What the demo shows: one table of where to look, then the API's counter on its way.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exposition::{Limits, Page};
use reqwest::Client;

use super::Demo;
use crate::process::Log;
use crate::prometheus::Prometheus;

/// The article's counter.
const COUNTER: &str = "app_requests_total";

/// Where everything is.
pub(super) struct Urls {
    pub(super) api: String,
    pub(super) gateway: String,
    pub(super) agent: String,
    pub(super) prometheus: Option<String>,
}

/// Waits for the first push, prints the table, and then shows the counter for ever.
pub(super) async fn forever(
    client: &Client,
    urls: &Urls,
    demo: &Demo,
    settings: &Path,
    log: &Log,
) -> anyhow::Result<()> {
    let mut polls = tokio::time::interval(Duration::from_millis(100));
    while value(client, &urls.gateway, COUNTER).await.is_none() {
        polls.tick().await;
    }
    for line in table(urls, demo, settings) {
        log.line("lab", &line);
    }
    let mut ticks = tokio::time::interval(Duration::from_secs(demo.interval.clamp(1, 5)));
    loop {
        ticks.tick().await;
        log.line("lab", &status(client, urls).await);
    }
}

fn table(urls: &Urls, demo: &Demo, settings: &Path) -> Vec<String> {
    let Urls { api, gateway, agent, prometheus } = urls;
    let mut rows = vec![
        ("api", format!("{api}/"), "the article's greeting, after its simulated work"),
        ("api, pull", format!("{api}/metrics"), "its metrics, as Prometheus pulls them"),
        ("gateway", format!("{gateway}/"), "the pushed groups, and when they expire"),
        ("gateway, scrape", format!("{gateway}/metrics"), "what was pushed, with push_time_seconds"),
        ("agent", format!("{agent}/"), "sources and endpoints, with their state"),
        ("agent, fallback", format!("{agent}/metrics"), "the same metrics by pull, when no gateway answers"),
    ];
    if let Some(prometheus) = prometheus {
        let query = format!("{prometheus}/graph?g0.expr={COUNTER}&g0.tab=0&g0.range_input=5m");
        rows.push(("prometheus", query, "the counter by all three paths: label path"));
    }
    let width = rows.iter().map(|(_, url, _)| url.len()).max().unwrap_or(0);
    let mut lines =
        vec![String::new(), "Everything is running. Ctrl-C stops it all.".to_owned(), String::new()];
    lines.extend(rows.into_iter().map(|(what, url, look)| format!("  {what:<16} {url:<width$}  {look}")));
    lines.push(String::new());
    lines.push(format!(
        "The agent pushes every {} s (--interval; its settings: {}), the load is {} requests a second (--rate).",
        demo.interval,
        settings.display(),
        demo.rate
    ));
    lines.push(String::new());
    lines
}

/// `app_requests_total: api 41 | gateway 38 (pushed 1.2 s ago) | …`
async fn status(client: &Client, urls: &Urls) -> String {
    let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let mut line = format!("{COUNTER}: api {}", shown(value(client, &urls.api, COUNTER).await));
    line.push_str(&format!(" | gateway {}", shown(value(client, &urls.gateway, COUNTER).await)));
    let pushed = value(client, &urls.gateway, "push_time_seconds").await;
    if let (Some(pushed), Ok(now)) = (pushed, SystemTime::now().duration_since(UNIX_EPOCH)) {
        line.push_str(&format!(" (pushed {:.1} s ago)", (now.as_secs_f64() - pushed).max(0.0)));
    }
    line.push_str(&format!(" | agent {}", shown(value(client, &urls.agent, COUNTER).await)));
    if let Some(url) = &urls.prometheus {
        let points = Prometheus::new(client.clone(), url).query(COUNTER).await.unwrap_or_default();
        let mut paths: Vec<String> = points
            .iter()
            .map(|point| format!("{} {}", point.labels["path"].as_str().unwrap_or("?"), point.value))
            .collect();
        paths.sort();
        line.push_str(&format!(
            " | prometheus {}",
            if paths.is_empty() { "-".to_owned() } else { paths.join(", ") }
        ));
    }
    line
}

/// The value of a name on a page: of the API's job where there are several.
async fn value(client: &Client, url: &str, name: &str) -> Option<f64> {
    let answer = client.get(format!("{url}/metrics")).send().await.ok()?;
    let page = Page::parse(answer.bytes().await.ok()?, &Limits::default()).ok()?;
    let of_api = |sample: &exposition::Sample<'_>| sample.label("job").is_none_or(|job| job == "api");
    page.samples().find(|sample| sample.name() == name && of_api(sample)).map(|sample| sample.value())
}
