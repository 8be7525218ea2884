//! One gateway over HTTP: who we are, how often we may ask, and what of an answer matters.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use exposition::GroupingKey;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use service::negotiate;

use super::clock::{self, Clock};
use super::failover::{self, Failover};
use super::held::Held;
use crate::backoff::retry_after;
use crate::config::{Compression, Endpoint, Method, shown};
use crate::exchange;
use crate::sinks::Scope;
use crate::stats::Stats;
use crate::transport::{Ready, Transport};

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

/// One of an endpoint's gateways.
#[derive(Debug)]
struct Place {
    url: String,
    /// The URL for people.
    shown: String,
    transport: Transport,
    /// It answered before, so a connection may be one that it is about to close.
    answered: bool,
}

#[derive(Debug)]
pub(super) struct Gateway {
    endpoint: Endpoint,
    label: String,
    places: Vec<Place>,
    failover: Failover,
    held: Held,
    clock: Clock,
    rate: DefaultDirectRateLimiter,
    stats: Arc<Stats>,
}

impl Gateway {
    pub(super) fn new(endpoint: &Endpoint, stats: Arc<Stats>) -> Self {
        let rate = NonZeroU32::new(endpoint.rate).unwrap_or(NonZeroU32::MIN);
        let place = |url: &String| Place {
            url: url.trim_end_matches('/').to_owned(),
            shown: shown(url).trim_end_matches('/').to_owned(),
            transport: Transport::new(url, endpoint.transport(), endpoint.timeout),
            answered: false,
        };
        let places: Vec<Place> = endpoint.gateways().iter().map(place).collect();
        let gateway = Self {
            label: endpoint.label(),
            failover: Failover::new(places.len(), endpoint.failback),
            places,
            held: Held::default(),
            clock: Clock::default(),
            rate: RateLimiter::direct(Quota::per_second(rate)),
            endpoint: endpoint.clone(),
            stats,
        };
        gateway.tell();
        gateway
    }

    /// Sends a group, which ends after `life`, to the first gateway that works.
    pub(super) async fn send(
        &mut self,
        key: &GroupingKey,
        life: Option<Duration>,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let life = life.map_or(String::new(), |life| format!("?ttl={}", life.as_secs_f64()));
        let path = format!("/metrics/{key}{life}");
        let body = Bytes::from(match self.endpoint.compression {
            Compression::Gzip => negotiate::gzip(&body),
            Compression::None => body,
        });
        let order = self.failover.order(Instant::now());
        let tries_first = order.first() == Some(&0);
        let mut failed = None;
        for at in order {
            let outcome = self.ask(at, &path, Some(body.clone())).await;
            let goes_on = outcome.as_ref().is_ok_and(|answer| failover::is_of_a_proxy(answer.status));
            let answer = match outcome {
                Ok(answer) if !goes_on => answer,
                outcome => {
                    failed.get_or_insert(outcome);
                    continue;
                }
            };
            self.works(at, tries_first, failed.as_ref());
            if answer.status.is_success() {
                self.held.by(key, at);
                self.tidy(key, at).await;
            }
            return Ok(Answer { bytes: body.len(), ..answer });
        }
        failed.unwrap_or_else(|| Err(setup("no gateway to push to".to_owned())))
    }

    /// Deletes a group where it is pushed to now.
    pub(super) async fn delete(&mut self, key: &GroupingKey) -> Result<Answer, Failure> {
        self.held.gone(key);
        self.ask(self.failover.current(), &format!("/metrics/{key}"), None).await
    }

    /// Notes which gateway is in use, and says so where it is another than before.
    fn works(&mut self, at: usize, tries_first: bool, failed: Option<&Result<Answer, Failure>>) {
        let Some(before) = self.failover.worked(at, Instant::now(), tries_first) else { return };
        self.tell();
        let (gateway, before) = (&self.places[at].shown, &self.places[before].shown);
        match failed {
            Some(Ok(Answer { status, .. })) => {
                tracing::warn!(
                    endpoint = self.label,
                    gateway,
                    "pushing to another gateway: {before} answers {status}"
                );
            }
            Some(Err(Failure { message, .. })) => {
                tracing::warn!(
                    endpoint = self.label,
                    gateway,
                    "pushing to another gateway: {before}: {message}"
                );
            }
            None => tracing::info!(endpoint = self.label, gateway, "pushing to the gateway before again"),
        }
    }

    fn tell(&self) {
        if self.places.len() > 1 {
            for (at, place) in self.places.iter().enumerate() {
                self.stats.gateway(&self.label, &place.shown, at == self.failover.current());
            }
        }
    }

    /// Deletes a group where it was pushed to meanwhile: with two of them Prometheus would see both.
    async fn tidy(&mut self, key: &GroupingKey, at: usize) {
        for behind in self.held.behind(key, at) {
            let message = match self.ask(behind, &format!("/metrics/{key}"), None).await {
                Ok(Answer { status, .. }) if status.is_success() => continue,
                Ok(Answer { status, words, .. }) => format!("{status}: {words}"),
                Err(failure) => {
                    self.held.lost(behind);
                    failure.message
                }
            };
            let gateway = &self.places[behind].shown;
            tracing::warn!(endpoint = self.label, gateway, group = %key, "the group stays there for its ttl: {message}");
        }
    }

    /// One exchange: with a body a push, without one a deletion.
    async fn ask(&mut self, at: usize, path: &str, body: Option<Bytes>) -> Result<Answer, Failure> {
        // A fleet that comes back after an outage is paced by each of its members.
        while let Err(early) = self.rate.check() {
            tokio::time::sleep(early.wait_time_from(DefaultClock::default().now())).await;
        }
        let place = &mut self.places[at];
        let Ready { client, authorization } = place.transport.ready().await.map_err(setup)?;
        let method = match (&body, self.endpoint.method) {
            (None, _) => reqwest::Method::DELETE,
            (Some(_), Method::Put) => reqwest::Method::PUT,
            (Some(_), Method::Post) => reqwest::Method::POST,
        };
        let request = || {
            let mut request = client.request(method.clone(), format!("{}{path}", place.url));
            if let Some(value) = &authorization {
                request = request.header(AUTHORIZATION, value);
            }
            let Some(body) = &body else { return request };
            if self.endpoint.compression == Compression::Gzip {
                request = request.header(CONTENT_ENCODING, "gzip");
            }
            request.header(CONTENT_TYPE, exposition::encode::TEXT).body(body.clone())
        };
        let asked = SystemTime::now();
        let response = match request().send().await {
            // Closed just when it was used again: that says nothing of the gateway.
            Err(error) if place.answered && exchange::closed_early(&error) => request().send().await,
            response => response,
        };
        let response = response.map_err(|error| failed(&error, &self.endpoint, &place.transport))?;
        let status = response.status();
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let by = place.transport.by().unwrap_or_else(|| "of the environment".to_owned());
            let message = format!("the proxy {by} answers {status}");
            return Err(Failure { reason: "proxy", message, scope: Scope::Endpoint });
        }
        place.answered = true;
        if let Some(date) = header(&response, DATE) {
            self.clock(clock::skew(date, asked, SystemTime::now()));
        }
        let after = header(&response, RETRY_AFTER).and_then(|value| retry_after(value, SystemTime::now()));
        let words = if status.is_success() { String::new() } else { words(response).await };
        Ok(Answer { status, bytes: 0, after, words })
    }

    fn clock(&mut self, skew: Option<f64>) {
        let Some(skew) = skew else { return };
        self.stats.clock_skew(&self.label, skew);
        if let Some(message) = self.clock.saw(skew) {
            tracing::warn!(endpoint = self.label, "{message}");
        }
    }
}

fn failed(error: &reqwest::Error, endpoint: &Endpoint, transport: &Transport) -> Failure {
    let mut message = if error.is_timeout() {
        format!("no answer within {:?}", endpoint.timeout)
    } else {
        exchange::cause(error)
    };
    if let Some(proxy) = transport.by() {
        message = format!("by the proxy {proxy}: {message}");
    }
    // Whoever was connected to may take another group.
    let scope = if error.is_connect() { Scope::Endpoint } else { Scope::Group };
    Failure { reason: exchange::reason(error), message, scope }
}

fn setup(message: String) -> Failure {
    Failure { reason: "setup", message, scope: Scope::Endpoint }
}

fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

async fn words(response: Response) -> String {
    let text = service::body::read(response.bytes_stream(), 64 << 10).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect()
}
