//! One receiver over HTTP: what a request says, and what of an answer matters.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use exposition::remote_write::{Body, Protocol};
use http::header::{ACCEPT, AUTHORIZATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::backoff::retry_after;
use crate::config::{RemoteWrite, shown};
use crate::exchange;
use crate::transport::{Broken, Direct, Ready, Response, Transport};

/// Bytes of its words that are read.
const LONGEST: usize = 16 << 10;
/// How long an answer without a body may take to end.
const FREE: Duration = Duration::from_millis(100);
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

/// A request, ready to be sent, once or twice.
struct Made<'a> {
    way: Way<'a>,
    headers: HeaderMap,
    body: Bytes,
}

enum Way<'a> {
    Direct(&'a Direct),
    Client(reqwest::Client, &'a str),
}

impl Made<'_> {
    async fn send(&self) -> Result<Response, Broken> {
        let body = self.body.clone();
        match &self.way {
            Way::Direct(direct) => {
                let reply = direct.ask(Method::POST, self.headers.clone(), body).await;
                reply.map(Box::new).map(Response::Direct).map_err(Broken::Direct)
            }
            Way::Client(client, url) => {
                let request = client.post(*url).headers(self.headers.clone()).body(body);
                request.send().await.map(Response::Client).map_err(Broken::Client)
            }
        }
    }
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
    /// The short way to it, where there is one.
    direct: Option<Direct>,
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
        let transport = Transport::new(&settings.url, settings.transport(), settings.timeout);
        Self {
            url: settings.url.clone(),
            headers,
            timeout: settings.timeout,
            by: settings.proxy_url.as_deref().map(shown),
            answered: AtomicBool::new(false),
            direct: transport.direct(),
            transport: Mutex::new(transport),
        }
    }

    /// What is made ready before anybody is asked: what goes wrong here was not sent.
    async fn made(&self, body: &Body, protocol: Protocol) -> Result<Made<'_>, Failure> {
        let mut transport = self.transport.lock().await;
        let (way, authorization) = if let Some(direct) = &self.direct {
            (Way::Direct(direct), transport.who().await.map_err(setup)?)
        } else {
            let Ready { client, authorization } = transport.ready().await.map_err(setup)?;
            (Way::Client(client, &self.url), authorization)
        };
        let mut headers = self.headers.clone();
        headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
        // These take the place of any of the settings.
        for (name, value) in protocol.headers() {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        Ok(Made { way, headers, body: body.bytes.clone() })
    }

    /// Sends a body once.
    pub(crate) async fn post(&self, body: &Body, protocol: Protocol) -> Result<Answer, Failure> {
        let made = self.made(body, protocol).await?;
        let end = Instant::now() + self.timeout;
        match timeout_at(end, self.sent(&made)).await {
            Ok(sent) => {
                let (response, resent) = sent?;
                self.answer(response, resent, end).await
            }
            Err(_) => Err(Failure { reason: "timeout", message: self.late(), ambiguous: true }),
        }
    }

    /// The head of the answer, and whether it went out twice for it.
    async fn sent(&self, made: &Made<'_>) -> Result<(Response, bool), Failure> {
        match made.send().await {
            // Closed just when it was used again: that says nothing of the receiver.
            Err(broken) if self.answered.load(Ordering::Relaxed) && broken.is_closed_early() => {
                let resent = !broken.is_unsent();
                let response = made.send().await;
                // The first may have arrived.
                let failed = |broken| {
                    let failure = self.failed(&broken);
                    Failure { ambiguous: failure.ambiguous || resent, ..failure }
                };
                Ok((response.map_err(failed)?, resent))
            }
            response => Ok((response.map_err(|broken| self.failed(&broken))?, false)),
        }
    }

    /// What of an answer matters. Its words may break off: what it says in its head, it has said.
    async fn answer(&self, mut response: Response, resent: bool, end: Instant) -> Result<Answer, Failure> {
        self.answered.store(true, Ordering::Relaxed);
        let (status, headers) = (response.status(), response.take_headers());
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let by = self.by.as_deref().unwrap_or("of the environment");
            let message = format!("the proxy {by} answers {status}");
            return Err(Failure { reason: "proxy", message, ambiguous: false });
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let after = text(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, SystemTime::now()));
        let says = WRITTEN.iter().chain([&EXEMPLARS]).any(|name| headers.contains_key(*name));
        let count =
            |name: &&str| text(name).and_then(|value| value.trim().parse::<usize>().ok()).unwrap_or(0);
        let written = says.then(|| WRITTEN.iter().map(count).fold(0, usize::saturating_add));
        // Where it took everything its words do not matter: mostly there are none, and the connection is free.
        let end = if status.is_success() { end.min(Instant::now() + FREE) } else { end };
        let (words, is_whole) = words(&mut response, end).await;
        if is_whole {
            response.done(self.direct.as_ref());
        }
        let words = if status.is_success() { String::new() } else { self.masked(words) };
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
        let Ok(Ready { client, authorization }) = self.transport.lock().await.ready().await else {
            return false;
        };
        let request = client.get(url).headers(self.headers.clone());
        let request = match authorization {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        };
        let end = Instant::now() + self.timeout;
        let Ok(response) = request.send().await else { return false };
        let mut response = Response::Client(response);
        response.status() == StatusCode::OK
            && words(&mut response, end).await.0.trim().parse::<u32>().is_ok_and(|version| version >= 1)
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

    fn failed(&self, broken: &Broken) -> Failure {
        let reason = broken.reason();
        let message =
            if reason == "timeout" { self.late() } else { self.named(&exchange::cause(broken.error())) };
        Failure { reason, message, ambiguous: !broken.is_connect() }
    }

    fn late(&self) -> String {
        self.named(&format!("no answer within {:?}", self.timeout))
    }

    fn named(&self, message: &str) -> String {
        self.by
            .as_ref()
            .map_or_else(|| message.to_owned(), |proxy| format!("by the proxy {proxy}: {message}"))
    }
}

fn setup(message: String) -> Failure {
    Failure { reason: "setup", message, ambiguous: false }
}

/// The start of what it says by then, as it is, and whether that is all; what comes after it is not waited for.
async fn words(response: &mut Response, end: Instant) -> (String, bool) {
    let mut text = Vec::new();
    let is_whole = loop {
        match timeout_at(end, response.chunk()).await {
            Ok(Ok(Some(chunk))) => text.extend_from_slice(&chunk[..chunk.len().min(LONGEST - text.len())]),
            Ok(Ok(None)) => break true,
            Ok(Err(_)) | Err(_) => break false,
        }
        if text.len() >= LONGEST {
            break false;
        }
    };
    (String::from_utf8_lossy(&text).into_owned(), is_whole)
}
