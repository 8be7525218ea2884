//! A list of target groups from a server, as Prometheus' `http_sd_configs` ask for it.

use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::{Client, StatusCode};
use service::body;

use super::groups::LONGEST;
use crate::exchange;

/// One answer may take so long.
const TIME: Duration = Duration::from_secs(10);

/// A server that keeps a list.
#[derive(Debug)]
pub(super) struct Web {
    url: String,
    every: Duration,
    /// Made when it is first needed, and again where that fails.
    client: Option<Client>,
}

impl Web {
    pub(super) fn new(url: &str, every: Duration) -> Self {
        Self { url: url.to_owned(), every, client: None }
    }

    /// The list now.
    pub(super) async fn read(&mut self) -> Result<String, String> {
        let client = match self.client.take() {
            Some(client) => client,
            None => self.make().map_err(|error| exchange::cause(&error))?,
        };
        let request = self.client.insert(client).get(&self.url);
        let every = self.every.as_secs_f64().to_string();
        let request = request.header(ACCEPT, "application/json");
        let answer = request.header("X-Prometheus-Refresh-Interval-Seconds", every).send().await;
        let answer = answer.map_err(|error| exchange::cause(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("answers {}, expected 200", answer.status()));
        }
        let body = body::read(answer.bytes_stream(), LONGEST).await.map_err(|error| error.to_string())?;
        String::from_utf8(body.into()).map_err(|_| "answers what is no UTF-8".to_owned())
    }

    fn make(&self) -> Result<Client, reqwest::Error> {
        let url = url::Url::parse(&self.url).ok();
        let needs_roots = url.as_ref().is_some_and(|url| url.scheme() == "https");
        let mut builder = service::client::builder(TIME, TIME, needs_roots);
        if url.as_ref().is_some_and(exchange::is_loopback) {
            builder = builder.no_proxy();
        }
        builder.build()
    }
}
