//! One HTTP exchange with a target, bounded in time and bytes, and the page in its answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use exposition::Limits;
use futures_util::TryStreamExt;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::{Response, Url};

use super::body::Body;
use super::content::{Content, is_delimited};
use super::fetched::{Answer, Fetched, read};
use super::redirects;
use super::relabelled::Relabel;
use crate::config::{ScrapeProtocol, Target, shown};
use crate::exchange;
use crate::transport::{Clients, Ready, Transport};

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
    /// As it is asked for, read once. None: it cannot be read, and reqwest says why.
    url: Option<Url>,
    /// The URL for people.
    shown: String,
    /// What it is asked for.
    accept: String,
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
        Self {
            target: target.clone(),
            transport: transport.leading(redirects::policy, address),
            url: Url::parse(&target.url).ok(),
            shown: shown(&target.url),
            accept: ScrapeProtocol::accept(target.protocols()),
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
        let response = self.response().await?;
        self.answered = true;
        let status = response.status();
        if status != reqwest::StatusCode::OK {
            return Err(self.failure("status", &format!("answers {status}, expected 200")));
        }
        let headers = response.headers().clone();
        let content = Content::of(header(&headers, CONTENT_TYPE.as_str()));
        let body = self.body(response, &headers, content != Content::Protobuf).await?;
        self.expected = body.len() + body.len() / 64;
        let content = self.content(content, header(&headers, CONTENT_TYPE.as_str()), &body)?;
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
        let end = Instant::now() + self.target.timeout();
        let ready = self.transport.ready().await;
        let Ready { client, authorization } =
            ready.map_err(|message| Failure { reason: "setup", message })?;
        let get = || {
            let get = match &self.url {
                Some(url) => client.get(url.clone()),
                None => client.get(&self.target.url),
            };
            let mut request = get
                .timeout(end.saturating_duration_since(Instant::now()))
                .header(ACCEPT, &self.accept)
                .header(ACCEPT_ENCODING, "gzip")
                .header(
                    "X-Prometheus-Scrape-Timeout-Seconds",
                    self.target.timeout().as_secs_f64().to_string(),
                );
            if let Some(value) = &authorization {
                request = request.header(AUTHORIZATION, value);
            }
            request.send()
        };
        let answer = match get().await {
            Err(error) if self.answered && exchange::closed_early(&error) => get().await,
            answer => answer,
        };
        answer.map_err(|error| {
            // What a proxy says of itself says nothing of the target.
            self.refused = exchange::refused(&error) && self.transport.by().is_none();
            let reason = exchange::reason(&error);
            let by = self.transport.by().map_or(String::new(), |proxy| format!("by the proxy {proxy}: "));
            self.failure(reason, &format!("cannot be scraped: {reason}: {by}{}", exchange::cause(&error)))
        })
    }

    async fn body(
        &self,
        response: Response,
        headers: &HeaderMap,
        is_text: bool,
    ) -> Result<bytes::Bytes, Failure> {
        let is_packed = header(headers, CONTENT_ENCODING.as_str()).eq_ignore_ascii_case("gzip");
        let mut body = Body::new(self.limits, is_packed, is_text, self.expected);
        let mut chunks = response.bytes_stream();
        loop {
            match chunks.try_next().await {
                Ok(Some(chunk)) => body.take(&chunk).map_err(|failure| self.named(&failure))?,
                Ok(None) => break,
                Err(error) if error.is_timeout() => return Err(self.late(self.target.timeout())),
                Err(error) => {
                    let why = format!("cannot be scraped: body cannot be read: {}", exchange::cause(&error));
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

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
