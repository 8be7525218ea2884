//! HTTP translated to pushes, deletions and scrapes, and back.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use exposition::{GroupingKey, Limits, encode};
use futures_util::Stream;
use http::header::{ACCEPT_ENCODING, ALLOW, CONNECTION, CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION};
use http::{Method as Verb, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use service::body::{self, BodyError};
use service::negotiate;
use tokio_util::sync::CancellationToken;
use warp::filters::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::groups::{Conflict, Groups, Method};
use crate::page;
use crate::push::{self, Refusal};
use crate::settings::{Settings, lifetime};
use crate::stats::Stats;
use crate::store::Store;
use crate::target::{self, Target};

/// Generous where the real one has no limit at all: what one series may cost must be bounded.
const LABELS: Limits =
    Limits { series_labels: 512, name: 4 << 10, label_name: 4 << 10, label_value: 64 << 10, ..Limits::NONE };

/// What a path cannot hold as it is (RFC 3986 section 3.3).
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// All that a request may need.
#[derive(Debug)]
pub struct Gateway {
    /// The groups.
    pub store: Arc<Store>,
    stats: Stats,
    settings: Settings,
    started: std::time::SystemTime,
    stop: CancellationToken,
}

impl Gateway {
    /// A gateway without groups; `/-/quit` cancels `stop`.
    pub fn new(settings: Settings, stop: CancellationToken) -> Result<Self, prometheus::Error> {
        let stats = Stats::new()?;
        let store = Arc::new(Store::new(Groups::new(stats.kinds(), settings.max_groups)));
        Ok(Self { store, stats, settings, started: std::time::SystemTime::now(), stop })
    }
}

/// The one route: what a request is aimed at is decided by its raw path.
pub fn filter(gateway: Arc<Gateway>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |verb, path: FullPath, query: String, headers, body| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.answer(&verb, path.as_str(), &query, &headers, body).await }
        })
        // Nothing above rejects but what is no request of ours.
        .or_else(|_| async { Ok::<_, Infallible>((plain(StatusCode::BAD_REQUEST, "bad request"),)) })
}

impl Gateway {
    async fn answer<S, B>(
        &self,
        verb: &Verb,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: S,
    ) -> Response
    where
        S: Stream<Item = Result<B, warp::Error>>,
        B: Buf,
    {
        // Like Go's router: decoded once, and only then looked at.
        let Ok(decoded) = percent_decode_str(path).decode_utf8() else {
            return self.refuse("key", StatusCode::BAD_REQUEST, "the path is not valid UTF-8");
        };
        let path: &str = &decoded;
        if path == "*" && *verb == Verb::OPTIONS {
            // About the server as a whole (RFC 9110 section 9.3.7).
            return plain(StatusCode::OK, "");
        }
        let target = Target::of(path, &self.settings.telemetry_path);
        // Closing on a body that was not read resets the connection, and the answer may be lost.
        let body = self.read(headers, body).await;
        let known = !matches!(target, Target::Nothing | Target::Unclean | Target::Moved(..));
        let hidden = target == Target::Wipe && !self.settings.admin_api;
        let response = if known && *verb == Verb::OPTIONS {
            with(plain(StatusCode::OK, ""), ALLOW, &allowed(target))
        } else if known && !hidden && !target.methods().contains(&verb.as_str()) {
            with(plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"), ALLOW, &allowed(target))
        } else {
            match target {
                Target::Group(path) => self.change(verb, path, query, body),
                Target::Telemetry => self.scrape(headers),
                Target::Healthy | Target::Ready => plain(StatusCode::OK, "OK"),
                Target::Quit => self.quit(),
                Target::Wipe => self.wipe(),
                Target::Status => self.status(),
                Target::Page => warp::reply::html(page::html(&self.store.lock())).into_response(),
                Target::Moved(path, methods) if methods.contains(&verb.as_str()) => {
                    // A client that follows the permanent one would send a GET.
                    let status = if *verb == Verb::GET {
                        StatusCode::MOVED_PERMANENTLY
                    } else {
                        StatusCode::TEMPORARY_REDIRECT
                    };
                    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
                    let location = format!("{}{query}", utf8_percent_encode(path, PATH));
                    with(plain(status, ""), LOCATION, &location)
                }
                Target::Unclean => {
                    let clean = utf8_percent_encode(&target::clean(path), PATH).to_string();
                    with(plain(StatusCode::MOVED_PERMANENTLY, ""), LOCATION, &clean)
                }
                Target::Nothing | Target::Moved(..) => plain(StatusCode::NOT_FOUND, "404 page not found"),
            }
        };
        if known && target != Target::Telemetry {
            self.stats.request(target.handler(verb.as_str()), response.status().as_u16(), verb.as_str());
        }
        response
    }

    fn change(&self, verb: &Verb, path: &str, query: &str, body: Result<Bytes, BodyError>) -> Response {
        let began = Instant::now();
        let key = match GroupingKey::from_decoded_path(path) {
            Ok(key) => key,
            Err(error) => return self.refuse("key", StatusCode::BAD_REQUEST, &error.to_string()),
        };
        if *verb == Verb::DELETE {
            self.store.lock().delete(&key);
            return plain(StatusCode::ACCEPTED, "");
        }
        let life = match life(query) {
            Ok(life) => life.or(self.settings.default_ttl),
            Err(message) => return self.refuse("ttl", StatusCode::BAD_REQUEST, &message),
        };
        let body = match body {
            Ok(body) => body,
            Err(error @ BodyError::Slow(_)) => {
                let response = self.refuse("body", StatusCode::REQUEST_TIMEOUT, &error.to_string());
                return with(response, CONNECTION, "close");
            }
            Err(error @ BodyError::Broken(_)) => {
                return self.refuse("body", StatusCode::BAD_REQUEST, &error.to_string());
            }
            Err(error) => return self.refuse("too_large", StatusCode::PAYLOAD_TOO_LARGE, &error.to_string()),
        };
        let (method, name) = if *verb == Verb::PUT { (Method::Put, "put") } else { (Method::Post, "post") };
        let bytes = body.len();
        let response = self.push(method, &key, body, life);
        self.stats.push(name, began.elapsed(), bytes);
        response
    }

    fn push(&self, method: Method, key: &GroupingKey, body: Bytes, life: Option<Duration>) -> Response {
        let limits = Limits { samples: self.settings.max_series, body: usize::MAX, ..LABELS };
        let push = match push::prepare(body, key, &limits) {
            Ok(push) => push,
            Err(Refusal::Syntax(error)) if error.reason.limit().is_some() => {
                return self.refuse("too_large", StatusCode::PAYLOAD_TOO_LARGE, &error.to_string());
            }
            Err(error @ (Refusal::Syntax(_) | Refusal::Bound { .. })) => {
                return self.refuse("syntax", StatusCode::BAD_REQUEST, &error.to_string());
            }
            Err(error @ Refusal::Content(_)) => {
                self.store.fail(key, life.unwrap_or(self.settings.failed_ttl));
                return self.refuse("inconsistent", StatusCode::BAD_REQUEST, &error.to_string());
            }
        };
        match self.store.push(method, key, push, life) {
            Ok(()) => plain(StatusCode::OK, ""),
            Err(Conflict::TooManyGroups(limit)) => {
                let message = format!("the limit of {limit} groups is reached");
                self.refuse("groups", StatusCode::TOO_MANY_REQUESTS, &message)
            }
            Err(Conflict::Inconsistent(reason)) => {
                self.store.fail(key, life.unwrap_or(self.settings.failed_ttl));
                let message = Refusal::Content(reason).to_string();
                self.refuse("inconsistent", StatusCode::BAD_REQUEST, &message)
            }
        }
    }

    async fn read<S, B>(&self, headers: &HeaderMap, body: S) -> Result<Bytes, BodyError>
    where
        S: Stream<Item = Result<B, warp::Error>>,
        B: Buf,
    {
        let body = body::read_within(body, self.settings.max_body.0, self.settings.body_time).await?;
        let encoding =
            headers.get(CONTENT_ENCODING).and_then(|encoding| encoding.to_str().ok()).unwrap_or_default();
        if encoding.trim().eq_ignore_ascii_case("gzip") {
            return body::gunzip(&body, self.settings.max_unpacked.0);
        }
        Ok(body)
    }

    fn scrape(&self, headers: &HeaderMap) -> Response {
        let own = self.stats.page(&self.store);
        let text = page::metrics(&self.store.lock(), &own);
        let encoding = negotiate::header(headers, ACCEPT_ENCODING);
        negotiate::page(text, encode::TEXT, encoding.as_deref()).map(Into::into)
    }

    fn quit(&self) -> Response {
        if !self.settings.lifecycle {
            return plain(StatusCode::FORBIDDEN, "Lifecycle API is not enabled.");
        }
        self.stop.cancel();
        plain(StatusCode::OK, "Requesting termination... Goodbye!")
    }

    fn wipe(&self) -> Response {
        if !self.settings.admin_api {
            return plain(StatusCode::NOT_FOUND, "404 page not found");
        }
        self.store.lock().wipe();
        plain(StatusCode::ACCEPTED, "")
    }

    fn status(&self) -> Response {
        let flags = HashMap::from([
            ("web.listen-address", self.settings.listen.to_string()),
            ("web.telemetry-path", self.settings.telemetry_path.clone()),
            ("web.enable-lifecycle", self.settings.lifecycle.to_string()),
            ("web.enable-admin-api", self.settings.admin_api.to_string()),
        ]);
        let body = serde_json::json!({ "status": "success", "data": {
            "flags": flags,
            "build_information": { "version": env!("CARGO_PKG_VERSION") },
            "start_time": humantime::format_rfc3339(self.started).to_string(),
        }});
        with(warp::reply::json(&body).into_response(), http::header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
    }

    fn refuse(&self, reason: &str, status: StatusCode, message: &str) -> Response {
        self.stats.refused(reason);
        tracing::debug!(reason, message, "push refused");
        plain(status, message)
    }
}

/// The `ttl` of a push; the last one wins. The real gateway ignores the query, so clients may send it anywhere.
fn life(query: &str) -> Result<Option<Duration>, String> {
    let mut life = None;
    for value in query.split('&').filter_map(|pair| pair.strip_prefix("ttl=")) {
        let value = percent_decode_str(value).decode_utf8_lossy();
        life = Some(lifetime(&value).map_err(|message| format!("ttl: {message}"))?);
    }
    Ok(life)
}

fn allowed(target: Target<'_>) -> String {
    let mut methods = target.methods().to_vec();
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.join(", ")
}

fn plain(status: StatusCode, message: &str) -> Response {
    if message.is_empty() {
        return warp::reply::with_status(warp::reply(), status).into_response();
    }
    warp::reply::with_status(message.to_owned(), status).into_response()
}

fn with(mut response: Response, name: http::HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
