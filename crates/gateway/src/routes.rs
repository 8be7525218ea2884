//! HTTP translated to pushes, deletions and scrapes, and back.

mod answers;
mod api;
mod change;
mod durable;
mod groups;
mod page;
mod durable;
mod scrape;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use http::header::{ALLOW, HeaderMap};
use http::{HeaderName, Method as Verb, StatusCode};
use percent_encoding::percent_decode_str;
use service::body::{self, Budget};
use tokio_util::sync::CancellationToken;
use warp::filters::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::groups::{Groups, Moment};
use crate::persistence::disk::RealDisk;
use crate::persistence::{self, Counters, Opened};
use crate::settings::Settings;
use crate::stats::Stats;
use crate::store::Store;
use crate::target::{self, Target};
use crate::work::Work;
use answers::{allowed, moved, plain, with};

/// Who pushes. Agents that say so are told who pushed the group before, so that two that push one find out.
pub const PUSHER: HeaderName = HeaderName::from_static("x-pushpull-agent");
/// Who pushed the group before; empty where nobody said so.
pub const BEFORE: HeaderName = HeaderName::from_static("x-pushpull-before");

/// All that a request may need.
#[derive(Debug)]
pub struct Gateway {
    /// The groups.
    pub store: Arc<Store>,
    stats: Stats,
    settings: Settings,
    started: std::time::SystemTime,
    stop: CancellationToken,
    work: Work,
    /// Bytes of bodies that are coming, and of pages that are going.
    bodies: Budget,
    answers: Budget,
}

impl Gateway {
    /// A gateway without groups; `/-/quit` cancels `stop`.
    pub fn new(settings: Settings, stop: CancellationToken) -> anyhow::Result<Self> {
        let settings = Settings { persistence_file: None, ..settings };
        Ok(Self::open(settings, stop)?.0)
    }

    /// The same with the groups that were kept, and with what keeps them from now on.
    pub fn open(settings: Settings, stop: CancellationToken) -> anyhow::Result<(Self, Option<Opened>)> {
        let stats = Stats::new()?;
        let opened = settings.persistence().map(|options| {
            let counters = Counters::new(stats.registry())?;
            anyhow::Ok(persistence::open(options, Arc::new(RealDisk), counters)?)
        });
        let mut opened = opened.transpose()?;
        let mut groups = Groups::new(stats.kinds(), settings.max_groups);
        if let Some(opened) = &mut opened {
            opened.restore(&mut groups, Moment::now());
        }
        let store = Arc::new(Store::kept(groups, opened.as_ref().map(Opened::journal)));
        let budget = || Budget::new(settings.max_in_flight.0);
        let (bodies, answers, work) = (budget(), budget(), Work::new());
        let started = std::time::SystemTime::now();
        Ok((Self { store, stats, settings, started, stop, work, bodies, answers }, opened))
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
        self: Arc<Self>,
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
        // Nobody is let through to elsewhere.
        if *verb == Verb::CONNECT {
            return plain(StatusCode::NOT_FOUND, "404 page not found");
        }
        if !is_escaped(path) {
            return self.refuse(
                "key",
                StatusCode::BAD_REQUEST,
                "expected two hexadecimal digits after each `%`",
            );
        }
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
        let body =
            body::read_within_budget(body, self.settings.max_body.0, self.settings.body_time, &self.bodies);
        let body = body.await;
        let known = !matches!(target, Target::Nothing | Target::Unclean | Target::Moved(..));
        let hidden = target == Target::Wipe && !self.settings.admin_api;
        let response = if known && *verb == Verb::OPTIONS {
            let response = with(plain(StatusCode::OK, ""), ALLOW, &allowed(target));
            if matches!(target, Target::Api | Target::Status) { api::shared(response) } else { response }
        } else if known && !hidden && !target.methods().contains(&verb.as_str()) {
            with(plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"), ALLOW, &allowed(target))
        } else {
            match target {
                Target::Group(path) => {
                    let response = self.change(verb, path, query, headers, body).await;
                    self.note_refusal(path, &response);
                    response
                }
                Target::Telemetry => self.scrape(headers).await,
                Target::Healthy => self.healthy(),
                Target::Ready => self.ready(),
                Target::Quit => self.quit(),
                Target::Wipe => self.wipe().await,
                Target::Status => self.status(),
                Target::Groups if *verb == Verb::POST => self.form(headers, body),
                Target::Groups if *verb == Verb::DELETE => {
                    let answer = self.groups(verb, query).await;
                    self.durable(answer).await
                }
                Target::Groups => self.groups(verb, query).await,
                Target::Page => self.page(query, headers).await,
                Target::Api => self.groups_as_json().await,
                Target::Moved(path, methods) if methods.contains(&verb.as_str()) => {
                    // A client that follows the permanent one would send a GET.
                    let status = if *verb == Verb::GET {
                        StatusCode::MOVED_PERMANENTLY
                    } else {
                        StatusCode::TEMPORARY_REDIRECT
                    };
                    moved(status, path, query)
                }
                Target::Unclean => moved(StatusCode::MOVED_PERMANENTLY, &target::clean(path), query),
                Target::Nothing | Target::Moved(..) => plain(StatusCode::NOT_FOUND, "404 page not found"),
            }
        };
        if known && target != Target::Telemetry {
            self.stats.request(target.handler(verb.as_str()), response.status().as_u16(), verb.as_str());
        }
        response
    }

    fn quit(&self) -> Response {
        if !self.settings.lifecycle {
            return plain(StatusCode::FORBIDDEN, "Lifecycle API is not enabled.");
        }
        self.stop.cancel();
        plain(StatusCode::OK, "Requesting termination... Goodbye!")
    }

    async fn wipe(&self) -> Response {
        if !self.settings.admin_api {
            return plain(StatusCode::NOT_FOUND, "404 page not found");
        }
        self.store.lock().wipe();
        self.durable(plain(StatusCode::ACCEPTED, "")).await
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
        api::shared(warp::reply::json(&body).into_response())
    }
}

/// Whether every `%` of a path begins an escape.
fn is_escaped(path: &str) -> bool {
    let digits = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    path.split('%').skip(1).all(digits)
}

/// Who pushes, where that is said in few bytes: it is kept with the group.
fn pusher(headers: &HeaderMap) -> Option<String> {
    let name = headers.get(PUSHER)?.to_str().ok()?;
    (1..=64).contains(&name.len()).then(|| name.to_owned())
}
