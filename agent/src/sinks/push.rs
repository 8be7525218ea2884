//! Pushing to a Pushgateway, the real one or ours: one group is one PUT of its newest state.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use exposition::{GroupingKey, Page, Rewrite, merge};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use service::config::Secret;
use service::negotiate;

use super::{SendError, Sink};
use crate::backoff::retry_after;
use crate::config::{Compression, Endpoint, Method, OnShutdown};
use crate::snapshot::Snapshot;
use crate::stats::Stats;

/// One gateway.
#[derive(Debug)]
pub struct Push {
    endpoint: Endpoint,
    label: String,
    client: Client,
    rate: DefaultDirectRateLimiter,
    stats: Arc<Stats>,
    /// Groups that this agent made, for the end.
    groups: BTreeSet<GroupingKey>,
    /// Groups whose source is gone, with the time when they are to be deleted.
    ending: BTreeMap<GroupingKey, Instant>,
    /// What the gateway said last, by group: said again, it is not logged again.
    refusals: BTreeMap<GroupingKey, String>,
    failing: Option<String>,
}

impl Push {
    /// A gateway that was not pushed to yet.
    pub fn new(endpoint: &Endpoint, stats: Arc<Stats>) -> anyhow::Result<Self> {
        let url = url::Url::parse(&endpoint.url).with_context(|| format!("push.url {}", endpoint.url))?;
        let mut builder =
            service::client::builder(endpoint.timeout, endpoint.timeout, url.scheme() == "https");
        if crate::sources::scrape::is_loopback(&url) {
            builder = builder.no_proxy();
        }
        if let Some(file) = &endpoint.ca_file {
            builder =
                service::client::trusting(builder, file).map_err(|error| anyhow!("push.ca_file {error}"))?;
        }
        let rate = NonZeroU32::new(endpoint.rate).unwrap_or(NonZeroU32::MIN);
        let label = endpoint.label();
        stats.endpoint(&label);
        Ok(Self {
            endpoint: endpoint.clone(),
            label,
            client: builder.build()?,
            rate: RateLimiter::direct(Quota::per_second(rate)),
            stats,
            groups: BTreeSet::new(),
            ending: BTreeMap::new(),
            refusals: BTreeMap::new(),
            failing: None,
        })
    }

    fn url(&self, key: &GroupingKey, last: bool) -> String {
        let base = self.endpoint.url.trim_end_matches('/');
        let expires = last && self.endpoint.on_shutdown == OnShutdown::Expire;
        let life = if expires { Some(self.endpoint.linger) } else { self.endpoint.ttl };
        let life = life.map_or(String::new(), |life| format!("?ttl={}", life.as_secs_f64()));
        format!("{base}/metrics/{key}{life}")
    }

    async fn request(&self, request: RequestBuilder) -> Result<Response, String> {
        // A fleet that comes back after an outage is paced by each of its members.
        while let Err(early) = self.rate.check() {
            tokio::time::sleep(early.wait_time_from(DefaultClock::default().now())).await;
        }
        let request = self.authorized(request)?;
        request.send().await.map_err(|error| {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            if error.is_timeout() {
                format!("no answer within {:?}", self.endpoint.timeout)
            } else {
                cause.to_string()
            }
        })
    }

    fn authorized(&self, request: RequestBuilder) -> Result<RequestBuilder, String> {
        let endpoint = &self.endpoint;
        if let Some(token) = secret(endpoint.bearer_token.as_ref(), endpoint.bearer_token_file.as_deref())? {
            return Ok(request.bearer_auth(token.expose()));
        }
        let Some(user) = &endpoint.username else { return Ok(request) };
        let password = secret(endpoint.password.as_ref(), endpoint.password_file.as_deref())?;
        Ok(request.basic_auth(user, password.as_ref().map(Secret::expose)))
    }

    fn failed(&mut self, reason: &str, message: &str, after: Option<Duration>) -> SendError {
        self.stats.retried(&self.label, reason);
        if self.failing.as_deref() != Some(message) {
            tracing::warn!(endpoint = self.label, reason, "push failed, trying again: {message}");
            self.failing = Some(message.to_owned());
        }
        SendError::Again { after }
    }

    fn refused(&mut self, key: &GroupingKey, status: StatusCode, words: &str) -> SendError {
        self.stats.refused(&self.label, status.as_str());
        let message = format!("{status}: {words}");
        if self.refusals.insert(key.clone(), message.clone()).as_ref() != Some(&message) {
            tracing::error!(endpoint = self.label, group = %key, "push refused: {message}");
        }
        SendError::Refused
    }
}

impl Sink for Push {
    async fn send(&mut self, snapshot: &Snapshot) -> Result<(), SendError> {
        self.delete_ended().await;
        let body = body(snapshot);
        let url = self.url(&snapshot.key, snapshot.last);
        let request = match self.endpoint.method {
            Method::Put => self.client.put(url),
            Method::Post => self.client.post(url),
        };
        let request = request.header(CONTENT_TYPE, exposition::encode::TEXT);
        let (request, bytes) = match self.endpoint.compression {
            Compression::Gzip => {
                let packed = negotiate::gzip(&body);
                let bytes = packed.len();
                (request.header(CONTENT_ENCODING, "gzip").body(packed), bytes)
            }
            Compression::None => {
                let bytes = body.len();
                (request.body(body), bytes)
            }
        };
        let response = match self.request(request).await {
            Ok(response) => response,
            Err(message) => return Err(self.failed("network", &message, None)),
        };
        let status = response.status();
        if status.is_success() {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.stats.sent(&self.label, bytes, now.as_secs_f64());
            self.refusals.remove(&snapshot.key);
            self.took(snapshot);
            if self.failing.take().is_some() {
                tracing::info!(endpoint = self.label, "pushes arrive again");
            }
            return Ok(());
        }
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = header.and_then(|value| retry_after(value, SystemTime::now()));
        let words = words(response).await;
        if status.is_server_error() || [408, 429].contains(&status.as_u16()) {
            return Err(self.failed(status.as_str(), &format!("{status}: {words}"), after));
        }
        Err(self.refused(&snapshot.key, status, &words))
    }

    async fn end(&mut self) {
        if self.endpoint.on_shutdown != OnShutdown::Delete {
            return;
        }
        // Deleted at once, the last values would be gone before Prometheus came for them.
        tokio::time::sleep(self.endpoint.linger).await;
        let groups = std::mem::take(&mut self.groups);
        self.delete(groups).await;
    }
}

impl Push {
    /// Notes what becomes of a group that the gateway took.
    fn took(&mut self, snapshot: &Snapshot) {
        self.groups.insert(snapshot.key.clone());
        self.ending.remove(&snapshot.key);
        match self.endpoint.on_shutdown {
            OnShutdown::Delete if snapshot.last => {
                self.ending.insert(snapshot.key.clone(), Instant::now() + self.endpoint.linger);
            }
            // It ends by itself, or stays as it was asked to.
            _ if snapshot.last => drop(self.groups.remove(&snapshot.key)),
            _ => {}
        }
    }

    /// Deletes the groups whose source has been gone for the linger. Something is sent at every
    /// interval, so this needs no clock of its own.
    async fn delete_ended(&mut self) {
        let now = Instant::now();
        let due: BTreeSet<GroupingKey> =
            self.ending.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect();
        for key in &due {
            self.ending.remove(key);
            self.groups.remove(key);
        }
        self.delete(due).await;
    }

    async fn delete(&self, groups: BTreeSet<GroupingKey>) {
        for key in groups {
            let base = self.endpoint.url.trim_end_matches('/');
            match self.request(self.client.delete(format!("{base}/metrics/{key}"))).await {
                Ok(response) if response.status().is_success() => {}
                Ok(response) => {
                    tracing::error!(endpoint = self.label, group = %key, status = %response.status(), "cannot delete the group");
                }
                Err(message) => {
                    tracing::error!(endpoint = self.label, group = %key, "cannot delete the group: {message}");
                }
            }
        }
    }
}

/// The snapshot as a Pushgateway takes it: without timestamps, and without the labels of the key,
/// which it puts on by itself.
fn body(snapshot: &Snapshot) -> Vec<u8> {
    let names: Vec<&str> = snapshot.key.iter().map(|(name, _)| name).collect();
    let how = Rewrite { drop: &names, ..Rewrite::default() };
    let pages: Vec<Page> = snapshot.pages.iter().map(|page| page.rewrite(&how)).collect();
    let mut body = Vec::new();
    merge::text(&pages, &mut body);
    body
}

/// The start of what the gateway says, on one line.
async fn words(response: Response) -> String {
    let text = service::body::read(response.bytes_stream(), 64 << 10).await.unwrap_or_default();
    String::from_utf8_lossy(&text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(500)
        .collect()
}

fn secret(value: Option<&Secret>, file: Option<&Path>) -> Result<Option<Secret>, String> {
    let Some(file) = file else { return Ok(value.cloned()) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Ok(Some(Secret::new(text.trim_end())))
}
