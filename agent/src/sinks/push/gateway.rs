//! The gateways of one endpoint: which is asked, how often we may ask, and what of an answer matters.

mod telling;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use exposition::GroupingKey;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, DATE};
use service::negotiate;

use super::clock::Clock;
use super::failover::{self, Failover};
use super::held::Held;
use super::lines;
use super::place::{self, Place};
use super::pusher::Pusher;
use crate::config::{Compression, Endpoint, Method};
use crate::sinks::Scope;
use crate::stats::Stats;

/// Who pushes.
const PUSHER: &str = "x-pushpull-agent";

/// What the gateway said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Bytes sent, once packed.
    pub(super) bytes: usize,
    /// Who pushed the group before, as our gateway says; empty where nobody did.
    pub(super) before: Option<String>,
    /// How long it asks to be left alone.
    pub(super) after: Option<Duration>,
    /// The start of its words, on one line.
    pub(crate) words: String,
}

/// A page that was read line by line.
#[derive(Debug)]
pub(crate) struct Read {
    /// Over the wire.
    pub(crate) bytes: usize,
    /// What the gateway's clock says, in whole seconds.
    pub(crate) date: Option<SystemTime>,
}

/// Why it said nothing.
#[derive(Debug)]
pub(crate) struct Failure {
    /// A label value.
    pub(crate) reason: &'static str,
    /// For people.
    pub(crate) message: String,
    pub(super) scope: Scope,
}

impl Failure {
    /// Nothing was sent: what is wrong is here.
    pub(super) fn setup(message: String) -> Self {
        Self { reason: "setup", message, scope: Scope::Endpoint }
    }
}

#[derive(Debug)]
pub(crate) struct Gateway {
    endpoint: Endpoint,
    label: String,
    places: Vec<Place>,
    failover: Failover,
    held: Held,
    clock: Clock,
    rate: DefaultDirectRateLimiter,
    pusher: Pusher,
    stats: Arc<Stats>,
}

impl Gateway {
    pub(crate) fn new(endpoint: &Endpoint, stats: Arc<Stats>) -> Self {
        let rate = NonZeroU32::new(endpoint.rate).unwrap_or(NonZeroU32::MIN);
        let places: Vec<Place> = endpoint.gateways().iter().map(|url| Place::new(url, endpoint)).collect();
        let gateway = Self {
            label: endpoint.label(),
            failover: Failover::new(places.len(), endpoint.failback),
            places,
            held: Held::default(),
            clock: Clock::default(),
            rate: RateLimiter::direct(Quota::per_second(rate)),
            endpoint: endpoint.clone(),
            pusher: Pusher(stats.id),
            stats,
        };
        gateway.tell();
        gateway
    }

    /// Asks as other settings say; the connections stay where only lives of groups changed.
    pub(super) fn alter(&mut self, endpoint: &Endpoint) {
        let Endpoint { ttl, on_shutdown, linger, .. } = *endpoint;
        self.endpoint = Endpoint { ttl, on_shutdown, linger, ..self.endpoint.clone() };
        if self.endpoint == *endpoint {
            return;
        }
        let same = self.endpoint.gateways() == endpoint.gateways();
        if !same {
            self.stats.forget_gateways(&self.label);
        }
        let before = std::mem::replace(self, Self::new(endpoint, Arc::clone(&self.stats)));
        if same {
            self.held = before.held;
            self.failover = before.failover.with(endpoint.failback);
            self.tell();
        }
        self.clock = before.clock;
    }

    /// Sends a group, which ends after `life`, to the first gateway that works.
    pub(super) async fn send(
        &mut self,
        key: &GroupingKey,
        life: Option<Duration>,
        is_last: bool,
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
            let outcome = self.ask(at, &path, Some((body.clone(), is_last))).await;
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
        failed.unwrap_or_else(|| Err(Failure::setup("no gateway to push to".to_owned())))
    }

    /// Deletes a group where it is pushed to now.
    pub(crate) async fn delete(&mut self, key: &GroupingKey) -> Result<Answer, Failure> {
        self.held.gone(key);
        self.ask(self.failover.current(), &format!("/metrics/{key}"), None).await
    }

    /// The page of all groups of the gateway in use, of which at most `most` bytes of text are read.
    pub(crate) async fn lines(&mut self, most: usize, line: impl FnMut(&[u8])) -> Result<Read, Failure> {
        self.paced().await;
        let place = &mut self.places[self.failover.current()];
        let request = place.request(reqwest::Method::GET, "/metrics").await?;
        let response = place.response(request.header(ACCEPT_ENCODING, "gzip")).await?;
        let failed = |reason, message| Failure { reason, message, scope: Scope::Group };
        if response.status() != StatusCode::OK {
            return Err(failed("status", format!("answers {}, expected 200", response.status())));
        }
        let date = place::header(&response, DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        let bytes = lines::each(response, most, line).await.map_err(|message| failed("body", message))?;
        Ok(Read { bytes, date })
    }

    /// Whether the gateway in use would be told otherwise now who we are.
    pub(super) async fn has_changed(&mut self) -> bool {
        self.places[self.failover.current()].has_changed().await
    }

    /// Nothing is kept out any more.
    pub(super) fn lets_in(&mut self) {
        self.places.iter_mut().for_each(Place::unmark);
    }

    /// The gateway in use does not let us in; what is to be done.
    pub(super) fn keeps_out(&mut self) -> String {
        let place = &mut self.places[self.failover.current()];
        place.mark();
        place.remedy()
    }

    /// A fleet that comes back after an outage is paced by each of its members.
    async fn paced(&self) {
        while let Err(early) = self.rate.check() {
            tokio::time::sleep(early.wait_time_from(DefaultClock::default().now())).await;
        }
    }

    /// One exchange: with a body a push, without one a deletion.
    async fn ask(&mut self, at: usize, path: &str, body: Option<(Bytes, bool)>) -> Result<Answer, Failure> {
        self.paced().await;
        let method = match (&body, self.endpoint.method) {
            (None, _) => reqwest::Method::DELETE,
            (Some(_), Method::Put) => reqwest::Method::PUT,
            (Some(_), Method::Post) => reqwest::Method::POST,
        };
        let place = &mut self.places[at];
        let mut request = place.request(method, path).await?;
        if let Some((body, is_last)) = body {
            request = request.header(CONTENT_TYPE, exposition::encode::TEXT).body(body);
            request = request.header(PUSHER, self.pusher.sign(is_last).to_string());
            if self.endpoint.compression == Compression::Gzip {
                request = request.header(CONTENT_ENCODING, "gzip");
            }
        }
        let (answer, skew) = place.exchange(request).await?;
        self.clock(skew);
        Ok(answer)
    }
}
