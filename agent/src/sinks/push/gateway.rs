//! One gateway over HTTP: who we are, how often we may ask, and what of an answer matters.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, SystemTime};

use exposition::GroupingKey;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use service::config::Secret;
use service::negotiate;

use crate::backoff::retry_after;
use crate::config::{Compression, Endpoint, Method};
use crate::exchange;
use crate::sinks::Scope;

/// What the gateway said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Bytes sent, once packed.
    pub(super) bytes: usize,
    /// How long it asks to be left alone.
    pub(super) after: Option<Duration>,
    /// The start of its words, on one line.
    pub(super) words: String,
}

/// Why it said nothing.
#[derive(Debug)]
pub(super) struct Failure {
    /// A label value.
    pub(super) reason: &'static str,
    /// For people.
    pub(super) message: String,
    pub(super) scope: Scope,
}

#[derive(Debug)]
pub(super) struct Gateway {
    endpoint: Endpoint,
    /// Made when it is first needed: where that fails, other gateways go on, and it is tried again.
    client: Option<Client>,
    rate: DefaultDirectRateLimiter,
}

impl Gateway {
    pub(super) fn new(endpoint: &Endpoint) -> Self {
        let rate = NonZeroU32::new(endpoint.rate).unwrap_or(NonZeroU32::MIN);
        Self { endpoint: endpoint.clone(), client: None, rate: RateLimiter::direct(Quota::per_second(rate)) }
    }

    /// Asks as other settings say; the connection stays where only lives of groups changed.
    pub(super) fn alter(&mut self, endpoint: &Endpoint) {
        let Endpoint { ttl, on_shutdown, linger, .. } = *endpoint;
        self.endpoint = Endpoint { ttl, on_shutdown, linger, ..self.endpoint.clone() };
        if self.endpoint != *endpoint {
            *self = Self::new(endpoint);
        }
    }

    /// Sends a group, which ends after `life`.
    pub(super) async fn send(
        &mut self,
        key: &GroupingKey,
        life: Option<Duration>,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let life = life.map_or(String::new(), |life| format!("?ttl={}", life.as_secs_f64()));
        let url = self.url(key) + &life;
        let request = match self.endpoint.method {
            Method::Put => self.client()?.put(url),
            Method::Post => self.client()?.post(url),
        };
        let request = request.header(CONTENT_TYPE, exposition::encode::TEXT);
        let (request, body) = match self.endpoint.compression {
            Compression::Gzip => (request.header(CONTENT_ENCODING, "gzip"), negotiate::gzip(&body)),
            Compression::None => (request, body),
        };
        let bytes = body.len();
        let answer = self.answer(request.body(body)).await?;
        Ok(Answer { bytes, ..answer })
    }

    /// Deletes a group.
    pub(super) async fn delete(&mut self, key: &GroupingKey) -> Result<Answer, Failure> {
        let request = self.client()?.delete(self.url(key));
        self.answer(request).await
    }

    fn url(&self, key: &GroupingKey) -> String {
        format!("{}/metrics/{key}", self.endpoint.url.trim_end_matches('/'))
    }

    pub(super) fn client(&mut self) -> Result<Client, Failure> {
        let client = match self.client.take() {
            Some(client) => client,
            None => client(&self.endpoint).map_err(setup)?,
        };
        Ok(self.client.insert(client).clone())
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        // A fleet that comes back after an outage is paced by each of its members.
        while let Err(early) = self.rate.check() {
            tokio::time::sleep(early.wait_time_from(DefaultClock::default().now())).await;
        }
        let request = self.authorized(request).map_err(setup)?;
        let response = request.send().await.map_err(|error| self.failed(&error))?;
        let status = response.status();
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = header.and_then(|value| retry_after(value, SystemTime::now()));
        let words = if status.is_success() { String::new() } else { words(response).await };
        Ok(Answer { status, bytes: 0, after, words })
    }

    pub(super) fn failed(&self, error: &reqwest::Error) -> Failure {
        let message = if error.is_timeout() {
            format!("no answer within {:?}", self.endpoint.timeout)
        } else {
            exchange::cause(error)
        };
        // Whoever was connected to may take another group.
        let scope = if error.is_connect() { Scope::Endpoint } else { Scope::Group };
        Failure { reason: exchange::reason(error), message, scope }
    }

    pub(super) fn authorized(&self, request: RequestBuilder) -> Result<RequestBuilder, String> {
        let endpoint = &self.endpoint;
        if let Some(token) = secret(endpoint.bearer_token.as_ref(), endpoint.bearer_token_file.as_deref())? {
            return Ok(request.bearer_auth(token.expose()));
        }
        let Some(user) = &endpoint.username else { return Ok(request) };
        let password = secret(endpoint.password.as_ref(), endpoint.password_file.as_deref())?;
        Ok(request.basic_auth(user, password.as_ref().map(Secret::expose)))
    }
}

fn client(endpoint: &Endpoint) -> Result<Client, String> {
    let url = url::Url::parse(&endpoint.url).ok();
    let https = url.as_ref().is_some_and(|url| url.scheme() == "https");
    let mut builder = service::client::builder(endpoint.timeout, endpoint.timeout, https);
    if url.as_ref().is_some_and(exchange::is_loopback) {
        builder = builder.no_proxy();
    }
    if let Some(file) = &endpoint.ca_file {
        builder =
            service::client::trusting(builder, file).map_err(|error| format!("push.ca_file {error}"))?;
    }
    builder.build().map_err(|error| exchange::no_client(&endpoint.label(), &error))
}

fn setup(message: String) -> Failure {
    Failure { reason: "setup", message, scope: Scope::Endpoint }
}

pub(super) async fn words(response: Response) -> String {
    let text = service::body::read(response.bytes_stream(), 64 << 10).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect()
}

fn secret(value: Option<&Secret>, file: Option<&Path>) -> Result<Option<Secret>, String> {
    let Some(file) = file else { return Ok(value.cloned()) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Ok(Some(Secret::new(text.trim_end())))
}
