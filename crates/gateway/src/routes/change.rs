//! Pushes and deletions: a body taken, counted, and handed to the store.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Limits};
use http::header::{CONNECTION, HeaderMap};
use http::{Method as Verb, StatusCode};
use percent_encoding::percent_decode_str;
use service::body::{Body, BodyError};
use warp::reply::Response;

use super::answers::{busy, failed, plain, with};
use super::{BEFORE, Gateway, pusher};
use crate::groups::{Conflict, Method};
use crate::push::{self, Language, Packing, Refusal};
use crate::settings::lifetime;

/// Generous where the real one has no limit at all: what one series may cost must be bounded.
const NAMES: Limits = Limits { name: 4 << 10, label_name: 4 << 10, label_value: 64 << 10, ..Limits::NONE };
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
        let began = Instant::now();
        let key = match self.key(path) {
            Ok(key) => key,
            Err((reason, status, message)) => return self.refuse(reason, status, &message),
        };
        if *verb == Verb::DELETE {
            self.store.lock().delete(&key);
            return self.durable(plain(StatusCode::ACCEPTED, "")).await;
        }
        let life = match life(query) {
            Ok(life) => life.or(self.settings.default_ttl),
            Err(message) => return self.refuse("ttl", StatusCode::BAD_REQUEST, &message),
        };
        let body = match body {
            Ok(body) => body,
            Err(error) => return self.refuse_body(&error),
        };
        let (method, name) = if *verb == Verb::PUT { (Method::Put, "put") } else { (Method::Post, "post") };
        let bytes = body.len();
        self.room().await;
        let (form, by) = ((Packing::of(headers), Language::of(headers)), pusher(headers));
        let response = if form.0 != Packing::None || bytes > SMALL {
            let gateway = Arc::clone(self);
            let work = self.work.run(move || gateway.push(method, &key, &body, form, life, by.as_deref()));
            work.await.unwrap_or_else(failed)
        } else {
            self.push(method, &key, &body, form, life, by.as_deref())
        };
        let response = self.durable(response).await;
        self.stats.push(name, began.elapsed(), bytes);
        response
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
        life: Option<Duration>,
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
            ..NAMES
        };
        // A group that only failures made must not outlive them for what a push asked.
        let failed = life.map_or(self.settings.failed_ttl, |life| life.min(self.settings.failed_ttl));
        let pushed = match push::read(language, text, key, &limits) {
            Ok(push) => self.store.push(method, key, push, life, by),
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
                let message = format!("the limit of {limit} groups is reached");
                self.refuse("groups", StatusCode::TOO_MANY_REQUESTS, &message)
            }
            Err(Conflict::Inconsistent(reason)) => {
                self.store.fail(key, failed);
                let message = Refusal::Content(reason).to_string();
                self.refuse("inconsistent", StatusCode::BAD_REQUEST, &message)
            }
        }
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
        let mut response = plain(status, message);
        response.extensions_mut().insert(Refused(message.to_owned()));
        response
    }

    /// Keeps with a group why a push to it was refused: who looks for the reason looks there.
    pub(super) fn note_refusal(&self, path: &str, response: &Response) {
        let Some(Refused(why)) = response.extensions().get() else { return };
        if let Ok(key) = GroupingKey::from_decoded_path(path) {
            self.store.lock().refused(&key, why, SystemTime::now());
        }
    }
}

/// What a client was told, carried beside the answer.
#[derive(Debug, Clone)]
struct Refused(String);

/// The `ttl` of a push; the last one wins. The real gateway ignores the query, so clients may send it anywhere.
fn life(query: &str) -> Result<Option<Duration>, String> {
    let mut life = None;
    for value in query.split('&').filter_map(|pair| pair.strip_prefix("ttl=")) {
        let value = percent_decode_str(value).decode_utf8_lossy();
        life = Some(lifetime(&value).map_err(|message| format!("ttl: {message}"))?);
    }
    Ok(life)
}
