//! The HTTP API of a Prometheus, as far as the lab asks it.

use anyhow::{Context, bail};
use reqwest::Client;
use serde_json::Value;

/// A running Prometheus.
#[derive(Debug, Clone)]
pub struct Prometheus {
    client: Client,
    url: String,
}

/// One series of an instant query.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its labels.
    pub labels: serde_json::Map<String, Value>,
    /// Its value.
    pub value: f64,
}

impl Prometheus {
    /// At this URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// An instant query, now.
    pub async fn query(&self, query: &str) -> anyhow::Result<Vec<Point>> {
        let mut url = reqwest::Url::parse(&format!("{}/api/v1/query", self.url))?;
        url.query_pairs_mut().append_pair("query", query);
        let text = self.client.get(url).send().await?.text().await?;
        let answer: Value = serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))?;
        if answer["status"] != "success" {
            bail!("{query}: {}", answer["error"]);
        }
        let points = answer["data"]["result"].as_array().map(Vec::as_slice).unwrap_or_default();
        points.iter().map(point).collect()
    }
}

fn point(result: &Value) -> anyhow::Result<Point> {
    let value = result["value"][1].as_str().context("a result without a value")?;
    let labels = result["metric"].as_object().cloned().unwrap_or_default();
    Ok(Point { labels, value: value.parse().with_context(|| format!("value {value}"))? })
}
