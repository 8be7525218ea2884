//! The HTTP API of a Prometheus, as far as the lab asks it.

mod answer;

use anyhow::{Context, bail};
use reqwest::Client;
use serde_json::{Map, Value};

pub use self::answer::{Point, Series};

/// The longest answer that is read: 20 minutes of 1,000 series at 1 s take 30 MB.
const MOST_BYTES: usize = 64 << 20;

/// A running Prometheus. The client's timeout is each question's.
#[derive(Debug, Clone)]
pub struct Prometheus {
    client: Client,
    url: String,
}

impl Prometheus {
    /// At this URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Where it is, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// An instant query, now.
    pub async fn query(&self, query: &str) -> anyhow::Result<Vec<Point>> {
        answer::points(&self.instant(query, None).await?).with_context(|| query.to_owned())
    }

    /// An instant query at a Unix time in seconds.
    pub async fn query_at(&self, query: &str, time: f64) -> anyhow::Result<Vec<Point>> {
        answer::points(&self.instant(query, Some(time)).await?).with_context(|| query.to_owned())
    }

    /// The samples as they are stored: a range vector such as `metric[20m]`, up to a Unix time in seconds.
    pub async fn samples(&self, selector: &str, time: f64) -> anyhow::Result<Vec<Series>> {
        answer::series(&self.instant(selector, Some(time)).await?).with_context(|| selector.to_owned())
    }

    /// A query at each step between two Unix times; all in seconds. Steps without a result are left out.
    pub async fn range(&self, query: &str, from: f64, to: f64, step: f64) -> anyhow::Result<Vec<Series>> {
        let times = [("start", from), ("end", to), ("step", step)];
        let parameters = times.map(|(name, seconds)| (name, format!("{seconds:.3}")));
        answer::series(&self.ask("query_range", query, &parameters).await?).with_context(|| query.to_owned())
    }

    async fn instant(&self, query: &str, time: Option<f64>) -> anyhow::Result<Value> {
        let time = time.map(|seconds| ("time", format!("{seconds:.3}")));
        self.ask("query", query, time.as_slice()).await
    }

    /// The field `data` of an answer.
    async fn ask(&self, what: &str, query: &str, more: &[(&str, String)]) -> anyhow::Result<Value> {
        let mut url = reqwest::Url::parse(&format!("{}/api/v1/{what}", self.url))?;
        url.query_pairs_mut().append_pair("query", query).extend_pairs(more);
        let mut answer = self.client.get(url).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                bail!("{query}: {} answers more than {MOST_BYTES} bytes", self.url);
            }
        }
        let answer: Map<String, Value> = serde_json::from_slice(&body).with_context(|| {
            let start = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
            format!("{query}: {} answers no JSON: {start}", self.url)
        })?;
        if answer.get("status").and_then(Value::as_str) != Some("success") {
            bail!("{query}: {}", answer.get("error").unwrap_or(&Value::Null));
        }
        Ok(answer.get("data").cloned().unwrap_or_default())
    }
}
