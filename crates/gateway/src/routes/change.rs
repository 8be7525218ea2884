//! Pushes and deletions: a body taken, counted, and handed to the store.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Limits};
use http::header::{CONNECTION, HeaderMap, RETRY_AFTER};
use http::{Method as Verb, StatusCode};
use service::body::{Body, BodyError};
use warp::reply::Response;

use super::answers::{busy, failed, plain, with};
use super::{BEFORE, Gateway, pusher};
use crate::groups::{Conflict, Method};
use crate::policy::{Asked, Manner, Terms};
use crate::push::{self, Language, Packing, Refusal};

/// When to try again where all is full, at the latest.
const RETRY: Duration = Duration::from_mins(1);
/// A plain body of so many bytes is read sooner than it is handed to another thread.
const SMALL: usize = 16 << 10;

impl Gateway {
    pub(super) async fn change(
        self: &Arc<Self>,
        verb: &Verb,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: Result<Body, BodyError>,
    ) -> Response {
        let key = match self.key(path) {
            Ok(key) => key,
            Err((reason, status, message)) => return self.refuse(reason, status, &message),
        };
        let policy = self.policies.current();
        let terms = policy.terms(key.job());
        // A deletion is of the group that it names, whatever pushes are added to.
        let key = match if *verb == Verb::DELETE { Ok(key) } else { terms.key(key) } {
            Ok(key) => Arc::new(key),
            Err(error) => return self.refuse("key", StatusCode::BAD_REQUEST, &error.to_string()),
        };
        let response = self.changed(&key, terms, verb, (path, query, headers), body).await;
        // Kept with the group: who looks for the reason looks there.
        if let Some(Refused(why)) = response.extensions().get() {
            self.store.lock().refused(&key, why, SystemTime::now());
        }
        response
    }

    async fn changed(
        self: &Arc<Self>,
        key: &Arc<GroupingKey>,
        terms: &Terms,
        verb: &Verb,
        (path, query, headers): (&str, &str, &HeaderMap),
        body: Result<Body, BodyError>,
    ) -> Response {
        let began = Instant::now();
        let asked = match Asked::read(query, headers) {
            Ok(asked) => asked,
            Err(message) => {
                let reason = message.split(':').next().unwrap_or_default();
                return self.refuse(reason, StatusCode::BAD_REQUEST, &message);
            }
        };
        if *verb == Verb::DELETE {
            self.room().await;
            if asked.origin.is_some_and(|origin| origin.is_zero()) {
                self.store.delete(key);
            } else {
                self.store.leave(key);
            }
            return self.durable(plain(StatusCode::ACCEPTED, "")).await;
        }
        let manner = match terms.manner(&asked, headers) {
            Ok(manner) => manner,
            Err(message) => return self.refuse("idempotency-key", StatusCode::BAD_REQUEST, &message),
        };
        let body = match body {
            Ok(body) => body,
            Err(error) => return self.refuse_body(&error),
        };
        let (method, name) = if *verb == Verb::PUT { (Method::Put, "put") } else { (Method::Post, "post") };
        let bytes = body.len();
        let sent = bytes + head_bytes(verb, path, query, headers);
        let form = (Packing::of(headers), Language::of(headers));
        // Held until the disk has said its word, so that what waits for it is bounded as bodies are.
        let asked = Arc::new((body, manner, pusher(headers)));
        let response = if form.0 != Packing::None || bytes > SMALL {
            self.push_large(method, key, form, &asked).await
        } else {
            self.room().await;
            let (body, manner, by) = &*asked;
            self.push(method, key, body, form, manner, by.as_deref())
        };
        let response = self.durable(response).await;
        self.stats.push(name, began.elapsed(), sent);
        response
    }

    /// A push that takes a while, made beside the tasks that answer. Many may wait for their turn there, so
    /// there must be room for what it changes when that has come.
    async fn push_large(
        self: &Arc<Self>,
        method: Method,
        key: &Arc<GroupingKey>,
        form: (Packing, Language),
        asked: &Arc<(Body, Manner, Option<String>)>,
    ) -> Response {
        loop {
            self.room().await;
            let (gateway, key, asked) = (Arc::clone(self), Arc::clone(key), Arc::clone(asked));
            let work = self.work.run(move || {
                let (body, manner, by) = &*asked;
                gateway.has_room().then(|| gateway.push(method, &key, body, form, manner, by.as_deref()))
            });
            match work.await {
                Some(Some(response)) => return response,
                Some(None) => {}
                None => return failed(),
            }
        }
    }

    /// The group of a path: what it is called stands in each of its series, so it must be short.
    fn key(&self, path: &str) -> Result<GroupingKey, (&'static str, StatusCode, String)> {
        let key = GroupingKey::from_decoded_path(path)
            .map_err(|error| ("key", StatusCode::BAD_REQUEST, error.to_string()))?;
        let bytes: usize = key.iter().map(|(name, value)| name.len() + value.len()).sum();
        let labels = key.labels().len();
        for (what, found, limit) in [
            ("bytes", bytes, self.settings.max_key_bytes.0),
            ("labels besides the job", labels, self.settings.max_key_labels),
        ] {
            if found > limit {
                let message = format!("a grouping key of {found} {what} is over the limit of {limit}");
                return Err(("too_large", StatusCode::PAYLOAD_TOO_LARGE, message));
            }
        }
        Ok(key)
    }

    fn push(
        &self,
        method: Method,
        key: &GroupingKey,
        body: &Body,
        (packing, language): (Packing, Language),
        manner: &Manner,
        by: Option<&str>,
    ) -> Response {
        let most = self.settings.max_unpacked.0;
        let text = match packing.unpack(body.bytes(), most) {
            Ok(text) => text,
            Err(error) => return self.refuse_body(&error),
        };
        let limits = Limits {
            body: most,
            samples: self.settings.max_series,
            series_labels: self.settings.max_series_labels,
            name: self.settings.bounds.metric_name.0,
            label_name: self.settings.bounds.label_name.0,
            label_value: self.settings.bounds.label_value.0,
        };
        // A group that only failures made must not outlive them for what a push asked.
        let failed = manner.life.map_or(self.settings.failed_ttl, |life| life.min(self.settings.failed_ttl));
        let help = self.settings.bounds.help_text.0;
        let read = push::read(language, text, key, &limits).and_then(|push| push.with_help_within(help));
        let pushed = match read {
            Ok(push) => self.store.push(method, key, push, manner, by),
            Err(error) if error.is_too_large() => {
                return self.refuse("too_large", StatusCode::PAYLOAD_TOO_LARGE, &error.to_string());
            }
            Err(Refusal::Content(reason)) => Err(Conflict::Inconsistent(reason)),
            Err(error) => return self.refuse("syntax", StatusCode::BAD_REQUEST, &error.to_string()),
        };
        match pushed {
            Ok(before) if by.is_some() => {
                with(plain(StatusCode::OK, ""), BEFORE, before.as_deref().unwrap_or_default())
            }
            Ok(_) => plain(StatusCode::OK, ""),
            Err(Conflict::TooManyGroups(limit)) => {
                self.full("groups", &format!("the limit of {limit} groups is reached"))
            }
            Err(Conflict::Full { bytes, limit }) => {
                let message = format!("all groups would hold {bytes} bytes, over the limit of {limit}");
                self.full("stored_bytes", &message)
            }
            Err(Conflict::GroupTooLarge { series, limit }) => {
                let message = format!("the group would hold {series} series, over the limit of {limit}");
                self.refuse("group_series", StatusCode::PAYLOAD_TOO_LARGE, &message)
            }
            Err(Conflict::Inconsistent(reason)) => {
                self.store.fail(key, failed);
                let message = Refusal::Content(reason).to_string();
                self.refuse("inconsistent", StatusCode::BAD_REQUEST, &message)
            }
        }
    }

    /// There may be room once a group ends, so the client is told when that is, if it is soon.
    fn full(&self, reason: &str, message: &str) -> Response {
        let next = self.store.lock().next_deadline();
        let left = next.map_or(RETRY, |next| next.saturating_duration_since(Instant::now()));
        let seconds = left.clamp(Duration::from_secs(1), RETRY).as_secs();
        let response = self.refuse(reason, StatusCode::TOO_MANY_REQUESTS, message);
        with(response, RETRY_AFTER, &seconds.to_string())
    }

    fn refuse_body(&self, error: &BodyError) -> Response {
        let message = error.to_string();
        match error {
            BodyError::Slow(_) => {
                let response = self.refuse("body", StatusCode::REQUEST_TIMEOUT, &message);
                with(response, CONNECTION, "close")
            }
            BodyError::Broken(_) => self.refuse("body", StatusCode::BAD_REQUEST, &message),
            BodyError::NoRoom => {
                self.stats.refused("busy");
                busy(&message)
            }
            _ => self.refuse("too_large", StatusCode::PAYLOAD_TOO_LARGE, &message),
        }
    }

    pub(super) fn refuse(&self, reason: &str, status: StatusCode, message: &str) -> Response {
        self.stats.refused(reason);
        tracing::debug!(reason, message, "push refused");
        // The real one's answers of 400 end their line.
        let end = if status == StatusCode::BAD_REQUEST { "\n" } else { "" };
        let mut response = plain(status, &format!("{message}{end}"));
        response.extensions_mut().insert(Refused(message.to_owned()));
        response
    }
}

/// What a head takes, as `client_golang` estimates it for its sizes: without separators and ends of lines.
fn head_bytes(verb: &Verb, path: &str, query: &str, headers: &HeaderMap) -> usize {
    let headers: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    verb.as_str().len() + "/metrics/".len() + path.len() + query.len() + "HTTP/1.1".len() + headers
}

/// What a client was told, carried beside the answer.
#[derive(Debug, Clone)]
struct Refused(String);
