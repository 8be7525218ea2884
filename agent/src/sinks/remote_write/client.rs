//! One receiver over HTTP: what a request says, and what of an answer matters.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use exposition::remote_write::{Body, Protocol};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode};
use tokio::sync::Mutex;

use crate::backoff::retry_after;
use crate::config::{RemoteWrite, shown};
use crate::exchange;
use crate::transport::{Ready, Transport};

/// Bytes of its words that are read.
const LONGEST: usize = 16 << 10;
/// With these a 2.0 receiver says how much it wrote.
const WRITTEN: [&str; 2] =
    ["x-prometheus-remote-write-samples-written", "x-prometheus-remote-write-histograms-written"];
const EXEMPLARS: &str = "x-prometheus-remote-write-exemplars-written";

/// What a receiver said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// How long it asks to be left alone.
    pub(super) after: Option<Duration>,
    /// Samples and native histograms that it wrote, where it says so.
    pub(super) written: Option<usize>,
    /// The request went out twice, as its connection was closed the first time: it may have arrived twice.
    pub(super) resent: bool,
    /// Its words as they are but for our secrets, where it took nothing.
    pub(crate) words: String,
}

/// Why it said nothing.
#[derive(Debug)]
pub(crate) struct Failure {
    /// A label value.
    pub(super) reason: &'static str,
    /// For people.
    pub(crate) message: String,
    /// The request may have arrived all the same.
    pub(super) ambiguous: bool,
}

/// A receiver; its shards share the connections.
#[derive(Debug)]
pub(crate) struct Client {
    url: String,
    headers: HeaderMap,
    timeout: Duration,
    /// The proxy of the settings, as it may be shown.
    by: Option<String>,
    /// It answered before, so a connection may be one that it is about to close.
    answered: AtomicBool,
    transport: Mutex<Transport>,
}

impl Client {
    pub(crate) fn new(settings: &RemoteWrite) -> Self {
        let mut headers = HeaderMap::new();
        for (name, value) in &settings.headers {
            // What is no header was refused at the start.
            let pair =
                HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value.expose()).ok());
            if let Some((name, mut value)) = pair {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        Self {
            url: settings.url.clone(),
            headers,
            timeout: settings.timeout,
            by: settings.proxy_url.as_deref().map(shown),
            answered: AtomicBool::new(false),
            transport: Mutex::new(Transport::new(&settings.url, settings.transport(), settings.timeout)),
        }
    }

    async fn request(&self, method: reqwest::Method, url: &str) -> Result<RequestBuilder, Failure> {
        let setup = |message| Failure { reason: "setup", message, ambiguous: false };
        let Ready { client, authorization } = self.transport.lock().await.ready().await.map_err(setup)?;
        let request = client.request(method, url).headers(self.headers.clone());
        Ok(match authorization {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        })
    }

    /// Sends a body once.
    pub(crate) async fn post(&self, body: &Body, protocol: Protocol) -> Result<Answer, Failure> {
        let mut own = HeaderMap::new();
        for (name, value) in protocol.headers() {
            own.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        // In this order: these take the place of any of the settings.
        let request = self.request(reqwest::Method::POST, &self.url).await?.headers(own);
        let request = request.body(body.bytes.clone());
        let again = request.try_clone().filter(|_| self.answered.load(Ordering::Relaxed));
        let mut resent = false;
        let response = match (request.send().await, again) {
            // Closed just when it was used again: that says nothing of the receiver.
            (Err(error), Some(again)) if exchange::closed_early(&error) => {
                resent = true;
                again.send().await.map_err(|error| {
                    // The first may have arrived.
                    Failure { ambiguous: true, ..self.failed(&error) }
                })
            }
            (response, _) => response.map_err(|error| self.failed(&error)),
        }?;
        self.answered.store(true, Ordering::Relaxed);
        let status = response.status();
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let by = self.by.as_deref().unwrap_or("of the environment");
            let message = format!("the proxy {by} answers {status}");
            return Err(Failure { reason: "proxy", message, ambiguous: false });
        }
        let headers = response.headers();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let after = text(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, SystemTime::now()));
        let says = WRITTEN.iter().chain([&EXEMPLARS]).any(|name| headers.contains_key(*name));
        let count =
            |name: &&str| text(name).and_then(|value| value.trim().parse::<usize>().ok()).unwrap_or(0);
        let written = says.then(|| WRITTEN.iter().map(count).fold(0, usize::saturating_add));
        let words = if status.is_success() { String::new() } else { self.masked(words(response).await) };
        Ok(Answer { status, after, written, resent, words })
    }

    /// Without what it repeats of our secrets: its words go into the log.
    fn masked(&self, words: String) -> String {
        let secrets = self.headers.values().filter_map(|value| value.to_str().ok());
        // What is as short as a number is no secret, and would be found everywhere.
        let secrets = secrets.filter(|secret| secret.len() > 3);
        secrets.fold(words, |words, secret| words.replace(secret, "<secret>"))
    }

    /// Whether it says that it takes VictoriaMetrics' variant, as it does when asked for its version.
    pub(super) async fn takes_zstd(&self) -> bool {
        let Ok(mut url) = url::Url::parse(&self.url) else { return false };
        url.query_pairs_mut().append_pair("get_vm_proto_version", "1");
        let Ok(request) = self.request(reqwest::Method::GET, url.as_str()).await else { return false };
        let Ok(response) = request.send().await else { return false };
        response.status() == StatusCode::OK
            && words(response).await.trim().parse::<u32>().is_ok_and(|version| version >= 1)
    }

    /// We were not let in; what is to be done.
    pub(super) async fn keeps_out(&self) -> String {
        let mut transport = self.transport.lock().await;
        transport.mark();
        transport.remedy()
    }

    /// Whether it would be told otherwise now who we are.
    pub(super) async fn has_changed(&self) -> bool {
        self.transport.lock().await.has_changed().await
    }

    /// We are let in.
    pub(super) async fn lets_in(&self) {
        self.transport.lock().await.unmark();
    }

    fn failed(&self, error: &reqwest::Error) -> Failure {
        let mut message = if error.is_timeout() {
            format!("no answer within {:?}", self.timeout)
        } else {
            exchange::cause(error)
        };
        if let Some(proxy) = &self.by {
            message = format!("by the proxy {proxy}: {message}");
        }
        Failure { reason: exchange::reason(error), message, ambiguous: !error.is_connect() }
    }
}

/// The start of what it says, as it is; what comes after it is not waited for.
async fn words(mut response: Response) -> String {
    let mut text = Vec::new();
    while text.len() < LONGEST
        && let Ok(Some(chunk)) = response.chunk().await
    {
        text.extend_from_slice(&chunk[..chunk.len().min(LONGEST - text.len())]);
    }
    String::from_utf8_lossy(&text).into_owned()
}
