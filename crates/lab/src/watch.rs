//! What is shown: one table of where to look, then the API's counter on its way.

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exposition::{Limits, Page};
use reqwest::Client;

use crate::ports::{Part, Ports};
use crate::process::Log;
use crate::prometheus::Prometheus;

/// The article's counter.
const COUNTER: &str = "app_requests_total";

/// Waits for the first push, prints the table, and then shows the counter for ever.
pub async fn forever(
    client: &Client,
    ports: &Ports,
    table: &[String],
    every: Duration,
    log: &Log,
) -> Infallible {
    let mut polls = tokio::time::interval(Duration::from_millis(100));
    while value(client, &ports.url(Part::Gateway), COUNTER).await.is_none() {
        polls.tick().await;
    }
    for line in table {
        log.line("lab", line);
    }
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        log.line("lab", &status(client, ports).await);
    }
}

/// The table: what, its URL, and what to look at there.
pub fn table(rows: &[(&str, String, &str)]) -> Vec<String> {
    let width = rows.iter().map(|(_, url, _)| url.len()).max().unwrap_or(0);
    let mut lines =
        vec![String::new(), "Everything is running. Ctrl-C stops it all.".to_owned(), String::new()];
    lines.extend(rows.iter().map(|(what, url, look)| format!("  {what:<15} {url:<width$}  {look}")));
    lines.push(String::new());
    lines
}

/// `app_requests_total: api 41 | gateway 38 (pushed 1.2 s ago) | …`
async fn status(client: &Client, ports: &Ports) -> String {
    let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let [api, gateway, agent] = [Part::Api, Part::Gateway, Part::Agent].map(|part| ports.url(part));
    let mut line = format!("{COUNTER}: api {}", shown(value(client, &api, COUNTER).await));
    line.push_str(&format!(" | gateway {}", shown(value(client, &gateway, COUNTER).await)));
    let pushed = value(client, &gateway, "push_time_seconds").await;
    if let (Some(pushed), Ok(now)) = (pushed, SystemTime::now().duration_since(UNIX_EPOCH)) {
        line.push_str(&format!(" (pushed {:.1} s ago)", (now.as_secs_f64() - pushed).max(0.0)));
    }
    line.push_str(&format!(" | agent {}", shown(value(client, &agent, COUNTER).await)));
    if ports.of(Part::Prometheus) != 0 {
        let asked = Prometheus::new(client.clone(), ports.url(Part::Prometheus));
        let points = asked.query(COUNTER).await.unwrap_or_default();
        let mut paths: Vec<String> = points
            .iter()
            .map(|point| format!("{} {}", point.labels["path"].as_str().unwrap_or("?"), point.value))
            .collect();
        paths.sort();
        let paths = if paths.is_empty() { "has not scraped it yet".to_owned() } else { paths.join(", ") };
        line.push_str(&format!(" | prometheus {paths}"));
    }
    line
}

/// The value of a name on a page: of the API's job where there are several.
pub async fn value(client: &Client, url: &str, name: &str) -> Option<f64> {
    let answer = client.get(format!("{url}/metrics")).send().await.ok()?;
    let page = Page::parse(answer.bytes().await.ok()?, &Limits::default()).ok()?;
    let of_api = |sample: &exposition::Sample<'_>| sample.label("job").is_none_or(|job| job == "api");
    page.samples().find(|sample| sample.name() == name && of_api(sample)).map(|sample| sample.value())
}
