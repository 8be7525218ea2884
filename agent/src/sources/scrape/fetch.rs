//! One HTTP exchange with a target, bounded in time and bytes, and the page in its answer.

use std::net::SocketAddr;
use std::time::Duration;

use exposition::{Limits, Page};
use reqwest::Client;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use service::body::{self, BodyError};

use crate::config::{Target, shown};
use crate::exchange::is_loopback;

/// Text first: exemplars and `_created`, which only OpenMetrics has, have no place in a push.
const FORMATS: &str =
    "text/plain;version=0.0.4;q=0.7,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1";

/// Why a scrape failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// A label value.
    pub(super) reason: &'static str,
    /// For people.
    pub(super) message: String,
}

/// A page as it was answered.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) page: Page,
    /// Once unpacked.
    pub(super) bytes: usize,
}

#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
    url: String,
    /// The URL for people.
    shown: String,
    timeout: Duration,
    limits: Limits,
    /// An odd content type is worth one warning, not one each interval.
    warned: bool,
}

impl Fetcher {
    pub(super) fn new(target: &Target, address: Option<SocketAddr>) -> Result<Self, reqwest::Error> {
        let url = url::Url::parse(&target.url).ok();
        let https = url.as_ref().is_some_and(|url| url.scheme() == "https");
        let mut builder =
            service::client::builder(target.timeout, target.timeout, https).redirect(redirects());
        if url.as_ref().is_some_and(is_loopback) {
            builder = builder.no_proxy();
        }
        let host = url.as_ref().and_then(url::Url::host_str);
        if let (Some(host), Some(address)) = (host, address) {
            // The name stays in the request and in TLS; only where it leads is settled.
            builder = builder.resolve(host, address).no_proxy();
        }
        let limits = target.limits.page();
        Ok(Self {
            client: builder.build()?,
            url: target.url.clone(),
            shown: shown(&target.url),
            timeout: target.timeout,
            limits,
            warned: false,
        })
    }

    pub(super) async fn fetch(&mut self) -> Result<Fetched, Failure> {
        let request = self
            .client
            .get(&self.url)
            .header(ACCEPT, FORMATS)
            .header(ACCEPT_ENCODING, "gzip")
            .header("X-Prometheus-Scrape-Timeout-Seconds", self.timeout.as_secs_f64().to_string());
        let response = request.send().await.map_err(|error| self.failed(&error))?;
        let status = response.status();
        if status != reqwest::StatusCode::OK {
            let message = format!("{} answers {status}, expected 200", self.shown);
            return Err(Failure { reason: "status", message });
        }
        let headers = response.headers().clone();
        let packed = header(&headers, CONTENT_ENCODING.as_str()).eq_ignore_ascii_case("gzip");
        let cap = self.limits.body;
        let body = body::read(response.bytes_stream(), cap).await;
        let body = if packed { body.and_then(|body| body::gunzip(&body, cap)) } else { body };
        let body = body.map_err(|error| match error {
            BodyError::Broken(message) => {
                Failure { reason: "body", message: format!("{}: body cannot be read: {message}", self.shown) }
            }
            too_large => Failure { reason: "body_limit", message: format!("{}: {too_large}", self.shown) },
        })?;
        let bytes = body.len();
        let parsed = match self.format(header(&headers, CONTENT_TYPE.as_str()), &body)? {
            Format::Text => Page::parse(body, &self.limits),
            Format::OpenMetrics => Page::parse_openmetrics(body, &self.limits),
        };
        let page = parsed.map_err(|error| {
            let reason = if error.reason.limit().is_some() { "page_limit" } else { "syntax" };
            Failure { reason, message: format!("{}: {error}", self.shown) }
        })?;
        Ok(Fetched { page, bytes })
    }

    fn format(&mut self, content_type: &str, body: &[u8]) -> Result<Format, Failure> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "text/plain" => Ok(Format::Text),
            "application/openmetrics-text" => Ok(Format::OpenMetrics),
            "text/html" | "application/json" | "application/xml" | "text/xml" => {
                let start: String =
                    String::from_utf8_lossy(&body[..body.len().min(60)]).escape_debug().collect();
                let message = format!(
                    "{} answers {content_type} (\"{start}…\"), expected a Prometheus text page",
                    self.shown
                );
                Err(Failure { reason: "content_type", message })
            }
            // Prometheus 3 refuses these; older ones read them as text, and so do we.
            other => {
                if !std::mem::replace(&mut self.warned, true) {
                    tracing::warn!(
                        target = self.shown,
                        content_type = other,
                        "unknown content type, read as text 0.0.4"
                    );
                }
                Ok(Format::Text)
            }
        }
    }

    fn failed(&self, error: &reqwest::Error) -> Failure {
        let reason = if error.is_timeout() {
            "timeout"
        } else if error.is_redirect() {
            "redirect"
        } else if error.is_connect() {
            "connect"
        } else {
            "request"
        };
        let mut message = format!("{} cannot be scraped: {reason}", self.shown);
        // The last cause is the one that tells: «connection refused».
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        message.push_str(&format!(": {cause}"));
        Failure { reason, message }
    }
}

enum Format {
    Text,
    OpenMetrics,
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// At most five, and never to another host: who may be scraped is for the settings to say.
fn redirects() -> Policy {
    Policy::custom(|attempt| {
        let elsewhere =
            attempt.previous().first().is_some_and(|first| first.host_str() != attempt.url().host_str());
        if elsewhere {
            let message = format!("redirected to another host, {}", attempt.url());
            return attempt.error(message);
        }
        if attempt.previous().len() > 5 {
            attempt.error("redirected more than five times")
        } else {
            attempt.follow()
        }
    })
}
