//! One gateway over HTTP: who we are, and how an exchange with it ends.

use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, AsHeaderName, DATE, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};

use super::clock;
use super::gateway::{Answer, Failure};
use crate::backoff::{LONGEST_ASKED, retry_after};
use crate::config::{Endpoint, shown};
use crate::exchange;
use crate::sinks::Scope;
use crate::transport::{Ready, Transport};

/// As our gateway answers, who pushed the group before.
const BEFORE: &str = "x-pushpull-before";

/// Bytes of its words that are read.
const LONGEST: usize = 16 << 10;

#[derive(Debug)]
pub(super) struct Place {
    url: String,
    /// The URL for people.
    pub(super) shown: String,
    timeout: Duration,
    transport: Transport,
    /// It answered before, so a connection may be one that it is about to close.
    answered: bool,
}

impl Place {
    pub(super) fn new(url: &str, endpoint: &Endpoint) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            shown: shown(url).trim_end_matches('/').to_owned(),
            timeout: endpoint.timeout,
            transport: Transport::new(url, endpoint.transport(), endpoint.timeout),
            answered: false,
        }
    }

    /// We were not let in as who we said that we are.
    pub(super) fn mark(&mut self) {
        self.transport.mark();
    }

    /// We are let in.
    pub(super) fn unmark(&mut self) {
        self.transport.unmark();
    }

    /// Whether it would be told otherwise now who we are.
    pub(super) async fn has_changed(&mut self) -> bool {
        self.transport.has_changed().await
    }

    /// What is to be done where we are not let in.
    pub(super) fn remedy(&self) -> String {
        self.transport.remedy()
    }

    /// A request to it that says who we are.
    pub(super) async fn request(&mut self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        let Ready { client, authorization } = self.transport.ready().await.map_err(Failure::setup)?;
        let request = client.request(method, format!("{}{path}", self.url));
        Ok(match authorization {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        })
    }

    /// Sends it; the answer, and how far the clock here is ahead of the gateway's.
    pub(super) async fn exchange(
        &mut self,
        request: RequestBuilder,
    ) -> Result<(Answer, Option<f64>), Failure> {
        let asked = SystemTime::now();
        let response = self.response(request).await?;
        let status = response.status();
        let now = SystemTime::now();
        let skew = header(&response, DATE).and_then(|date| clock::skew(date, asked, now));
        let after = header(&response, RETRY_AFTER).and_then(|value| retry_after(value, now));
        let after = after.map(|after| after.min(LONGEST_ASKED));
        let before = header(&response, BEFORE).map(str::to_owned);
        let words = if status.is_success() { String::new() } else { words(response).await };
        Ok((Answer { status, bytes: 0, before, after, words }, skew))
    }

    /// Sends it; the answer of the gateway itself, whatever it says.
    pub(super) async fn response(&mut self, request: RequestBuilder) -> Result<Response, Failure> {
        let again = request.try_clone();
        let response = match (request.send().await, again) {
            // Closed just when it was used again: that says nothing of the gateway.
            (Err(error), Some(again)) if self.answered && exchange::closed_early(&error) => {
                again.send().await
            }
            (response, _) => response,
        };
        let response = response.map_err(|error| self.failed(&error))?;
        let status = response.status();
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let by = self.transport.by().unwrap_or_else(|| "of the environment".to_owned());
            let message = format!("the proxy {by} answers {status}");
            return Err(Failure { reason: "proxy", message, scope: Scope::Endpoint });
        }
        self.answered = true;
        Ok(response)
    }

    fn failed(&self, error: &reqwest::Error) -> Failure {
        let mut message = if error.is_timeout() {
            format!("no answer within {:?}", self.timeout)
        } else {
            exchange::cause(error)
        };
        if let Some(proxy) = self.transport.by() {
            message = format!("by the proxy {proxy}: {message}");
        }
        // Whoever was connected to may take another group.
        let scope = if error.is_connect() { Scope::Endpoint } else { Scope::Group };
        Failure { reason: exchange::reason(error), message, scope }
    }
}

pub(super) fn header(response: &Response, name: impl AsHeaderName) -> Option<&str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The start of what it says; what comes after it is not waited for.
pub(super) async fn words(mut response: Response) -> String {
    let mut text = Vec::new();
    while text.len() < LONGEST
        && let Ok(Some(chunk)) = response.chunk().await
    {
        text.extend_from_slice(&chunk[..chunk.len().min(LONGEST - text.len())]);
    }
    let text = String::from_utf8_lossy(&text);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect()
}
