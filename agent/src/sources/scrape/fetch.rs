//! One HTTP exchange with a target, bounded in time and bytes, and the page in its answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use exposition::Limits;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::Url;
use tokio::time::timeout_at;

use super::body::Body;
use super::content::{Content, is_delimited};
use super::fetched::{Answer, Fetched, read};
use super::redirects;
use super::relabelled::Relabel;
use crate::config::{ScrapeProtocol, Target, shown};
use crate::exchange;
use crate::transport::{Broken, Clients, Direct, Ready, Response, Transport};

const TIMEOUT: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");

/// All reasons of failures.
pub(super) const REASONS: &[&str] = &[
    "body",
    "body_limit",
    "connect",
    "content_type",
    "page_limit",
    "redirect",
    "relabel",
    "request",
    "setup",
    "status",
    "syntax",
    "timeout",
];

/// Why a scrape failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// A label value, one of [`REASONS`].
    pub(super) reason: &'static str,
    /// For people.
    pub(super) message: String,
}

#[derive(Debug)]
pub(super) struct Fetcher {
    target: Target,
    transport: Transport,
    /// The short way to it, where there is one; none any more once it has led elsewhere.
    direct: Option<Direct>,
    /// As it is asked for, read once. None: it cannot be read, and reqwest says why.
    url: Option<Url>,
    /// The URL for people.
    shown: String,
    /// What it is asked for, and how.
    asks: HeaderMap,
    limits: Limits,
    /// It answered before, so a connection may be one that it is about to close.
    answered: bool,
    /// Nobody was there the last time.
    refused: bool,
    /// An odd content type is worth one warning, not one each interval.
    warned: bool,
    /// Bytes of the page before, and a little: the next one mostly has as many.
    expected: usize,
}

impl Fetcher {
    pub(super) fn new(target: &Target, address: Option<SocketAddr>) -> Self {
        let transport = Transport::new(&target.url, target.transport(), target.timeout());
        let transport = transport.leading(redirects::policy, address);
        let direct = transport.direct();
        Self {
            target: target.clone(),
            transport,
            direct,
            url: Url::parse(&target.url).ok(),
            shown: shown(&target.url),
            asks: asks(target),
            limits: Relabel::before(target),
            answered: false,
            refused: false,
            warned: false,
            expected: 0,
        }
    }

    pub(super) fn share(&mut self, clients: &Clients) {
        self.transport.share(clients);
    }

    /// The answer, as far as it may be a page.
    pub(super) async fn fetch(&mut self) -> Result<Answer, Failure> {
        self.refused = false;
        let timeout = self.target.timeout();
        // Whoever is late has taken the time of head and body together.
        match timeout_at((Instant::now() + timeout).into(), self.answer()).await {
            Ok(answer) => answer,
            Err(_) => Err(self.late(timeout)),
        }
    }

    async fn answer(&mut self) -> Result<Answer, Failure> {
        let mut response = self.response().await?;
        self.answered = true;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(self.failure("status", &format!("answers {status}, expected 200")));
        }
        let headers = response.take_headers();
        let content = Content::of(header(&headers, &CONTENT_TYPE));
        let body = self.body(&mut response, &headers, content != Content::Protobuf).await?;
        response.done(self.direct.as_ref());
        self.expected = body.len() + body.len() / 64;
        let content = self.content(content, header(&headers, &CONTENT_TYPE), &body)?;
        Ok(Answer { content, body })
    }

    /// The page in an answer.
    pub(super) fn page(&self, answer: Answer) -> Result<Fetched, Failure> {
        let wants_natives = self.target.scrape_native_histograms == Some(true);
        read(&answer.content, answer.body, &self.limits, wants_natives)
            .map_err(|(reason, error)| Failure { reason, message: format!("{}: {error}", self.shown) })
    }

    /// The head of the answer. A connection that is closed just when it is used again says nothing of
    /// the target, so then there is a second try within the same time.
    async fn response(&mut self) -> Result<Response, Failure> {
        if let Some(response) = self.directly().await? {
            return Ok(response);
        }
        let ready = self.transport.ready().await;
        let Ready { client, authorization } = ready.map_err(setup)?;
        let get = || {
            let get = match &self.url {
                Some(url) => client.get(url.clone()),
                None => client.get(&self.target.url),
            };
            let request = get.headers(self.asks.clone());
            match &authorization {
                Some(value) => request.header(AUTHORIZATION, value).send(),
                None => request.send(),
            }
        };
        let answer = match get().await {
            Err(error) if self.answered && exchange::closed_early(&error) => get().await,
            answer => answer,
        };
        answer.map(Response::Client).map_err(|error| {
            // What a proxy says of itself says nothing of the target.
            self.refused = exchange::refused(&error) && self.transport.by().is_none();
            self.broken(&Broken::Client(error))
        })
    }

    /// The same by the short way; none where there is none, or where it leads elsewhere.
    async fn directly(&mut self) -> Result<Option<Response>, Failure> {
        let Some(direct) = &self.direct else { return Ok(None) };
        let authorization = self.transport.who().await.map_err(setup)?;
        let mut asks = self.asks.clone();
        asks.extend(authorization.map(|value| (AUTHORIZATION, value)));
        let get = || direct.ask(Method::GET, asks.clone(), Bytes::new());
        let answer = match get().await {
            Err(fault) if self.answered && fault.is_closed_early() => get().await,
            answer => answer,
        };
        match answer {
            Ok(reply) if reply.status.is_redirection() => self.direct = None,
            Ok(reply) => return Ok(Some(Response::Direct(Box::new(reply)))),
            Err(fault) => {
                self.refused = fault.is_refused();
                return Err(self.broken(&Broken::Direct(fault)));
            }
        }
        Ok(None)
    }

    fn broken(&self, broken: &Broken) -> Failure {
        let reason = broken.reason();
        if reason == "timeout" {
            return self.late(self.target.timeout());
        }
        let by = self.transport.by().map_or(String::new(), |proxy| format!("by the proxy {proxy}: "));
        self.failure(reason, &format!("cannot be scraped: {reason}: {by}{}", exchange::cause(broken.error())))
    }

    async fn body(
        &self,
        response: &mut Response,
        headers: &HeaderMap,
        is_text: bool,
    ) -> Result<Bytes, Failure> {
        let is_packed = header(headers, &CONTENT_ENCODING).eq_ignore_ascii_case("gzip");
        let mut body = Body::new(self.limits, is_packed, is_text, self.expected);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.take(&chunk).map_err(|failure| self.named(&failure))?,
                Ok(None) => break,
                Err(broken) if broken.reason() == "timeout" => return Err(self.late(self.target.timeout())),
                Err(broken) => {
                    let cause = exchange::cause(broken.error());
                    let why = format!("cannot be scraped: body cannot be read: {cause}");
                    return Err(self.failure("body", &why));
                }
            }
        }
        body.finish().map(Into::into).map_err(|failure| self.named(&failure))
    }

    fn named(&self, failure: &Failure) -> Failure {
        Failure { message: format!("{}: {}", self.shown, failure.message), reason: failure.reason }
    }

    /// Whether the last connection was refused: nobody listens there.
    pub(super) fn was_refused(&self) -> bool {
        self.refused
    }

    pub(super) fn timeout(&self) -> Duration {
        self.target.timeout()
    }

    /// The failure of a page that did not come in time.
    pub(super) fn late(&self, after: Duration) -> Failure {
        self.failure("timeout", &format!("cannot be scraped: timeout: no whole page within {after:?}"))
    }

    fn content(&mut self, content: Content, content_type: &str, body: &[u8]) -> Result<Content, Failure> {
        let asks_messages = self.target.protocols().contains(&ScrapeProtocol::Protobuf);
        match content {
            Content::Protobuf if asks_messages && is_delimited(content_type) => {}
            Content::Protobuf if asks_messages => {
                let expected = "proto=io.prometheus.client.MetricFamily;encoding=delimited";
                let message = format!("answers {content_type}, expected protobuf with {expected}");
                return Err(self.failure("content_type", &message));
            }
            Content::Protobuf => {
                let message =
                    format!("answers {content_type}, which was not asked for: expected a text page");
                return Err(self.failure("content_type", &message));
            }
            Content::NoPage => {
                let start = String::from_utf8_lossy(&body[..body.len().min(60)]);
                let start = start.escape_debug();
                let message =
                    format!("answers {content_type} (\"{start}…\"), expected a Prometheus text page");
                return Err(self.failure("content_type", &message));
            }
            Content::Unknown if !std::mem::replace(&mut self.warned, true) => {
                tracing::warn!(target = self.shown, content_type, "unknown content type, read as text 0.0.4");
            }
            Content::Text | Content::OpenMetrics | Content::Unknown => {}
        }
        Ok(content)
    }

    fn failure(&self, reason: &'static str, message: &str) -> Failure {
        Failure { reason, message: format!("{} {message}", self.shown) }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn setup(message: String) -> Failure {
    Failure { reason: "setup", message }
}

/// What every scrape of a target asks.
fn asks(target: &Target) -> HeaderMap {
    let seconds = target.timeout().as_secs_f64().to_string();
    let accept = ScrapeProtocol::accept(target.protocols());
    let told = [(ACCEPT, accept), (ACCEPT_ENCODING, "gzip".to_owned()), (TIMEOUT, seconds)];
    told.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?))).collect()
}
