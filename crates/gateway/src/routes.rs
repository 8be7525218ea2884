//! HTTP translated to pushes, deletions and scrapes, and back.

mod answers;
mod api;
mod change;
mod durable;
mod groups;
mod page;
mod reload;
mod scrape;
mod status;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{HeaderName, Method as Verb, StatusCode};
use percent_encoding::percent_decode_str;
use service::body::{self, Budget};
use service::server::{ServerStats, User};
use service::web::is_from_another_site;
use tokio_util::sync::CancellationToken;
use warp::Filter;
use warp::filters::path::FullPath;
use warp::reply::Response;

use crate::groups::{Groups, Moment, Most};
use crate::persistence::disk::{Disk, RealDisk};
use crate::persistence::{self, Counters, Opened};
use crate::policy::Policies;
use crate::rights::{Right, Role};
use crate::settings::Settings;
use crate::stats::Stats;
use crate::store::Store;
use crate::target::{self, Target};
use crate::work::Work;
use answers::{allowed, busy, failed, moved, plain, with};

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
    policies: Policies,
    started: std::time::SystemTime,
    stop: CancellationToken,
    /// What all paths begin with.
    prefix: String,
    work: Work,
    /// Bytes of bodies that are coming, and of pages that are going.
    bodies: Budget,
    answers: Budget,
}

impl Gateway {
    /// A gateway without groups; `/-/quit` cancels `stop`.
    pub fn new(settings: Settings, stop: CancellationToken) -> anyhow::Result<Self> {
        let settings = Settings { persistence_file: None, ..settings };
        Ok(Self::open(settings, stop, Arc::new(RealDisk))?.0)
    }

    /// The same with the groups that were kept, and with what keeps them on this disk from now on.
    pub fn open(
        settings: Settings,
        stop: CancellationToken,
        disk: Arc<dyn Disk>,
    ) -> anyhow::Result<(Self, Option<Opened>)> {
        let stats = Stats::new()?;
        let policies = Policies::load(settings.config_file.clone(), settings.default_ttl)?;
        stats.reloaded(true);
        let opened = settings.persistence().map(|options| {
            let counters = Counters::new(stats.registry())?;
            anyhow::Ok(persistence::open(options, disk, counters)?)
        });
        let mut opened = opened.transpose()?;
        let bounds = settings.bounds;
        let most = Most { group_series: bounds.group_series, bytes: bounds.stored_bytes.0 };
        let mut groups = Groups::new(stats.kinds(), settings.max_groups).bounded(most);
        if let Some(opened) = &mut opened {
            opened.restore(&mut groups, Moment::now());
        }
        let store = Arc::new(Store::kept(groups, opened.as_ref().map(Opened::journal)));
        let budget = || Budget::new(settings.max_in_flight.0);
        let (bodies, answers, work) = (budget(), budget(), Work::new());
        let started = std::time::SystemTime::now();
        let prefix = settings.web.prefix();
        Ok((Self { store, stats, settings, policies, started, stop, prefix, work, bodies, answers }, opened))
    }
}

impl Gateway {
    /// Where the accept loop counts connections.
    pub fn connections(&self) -> Arc<ServerStats> {
        self.stats.connections()
    }
}

/// Answers of the API say more in their heads.
const API: &str = "/api/v1/";

/// The one route: what a request is aimed at is decided by its raw path.
pub fn filter(gateway: Arc<Gateway>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<User>())
        .and(warp::body::stream())
        .then(move |verb, path: FullPath, query: String, headers, user: Option<User>, body| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.answer(&verb, path.as_str(), &query, &headers, user, body).await }
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
        user: Option<User>,
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
        let target = Target::below(&self.prefix, path, &self.settings.telemetry_path);
        // Closing on a body that was not read resets the connection, and the answer may be lost.
        let body =
            body::read_within_budget(body, self.settings.max_body.0, self.settings.body_time, &self.bodies);
        let body = body.await;
        let known = !matches!(target, Target::Nothing | Target::Prefix | Target::Unclean | Target::Moved(..));
        let right = Right::of(target, verb);
        let hidden = target == Target::Wipe && !self.settings.admin_api;
        let response = if !Role::of(user.as_ref(), &self.settings.web).may(right) {
            self.forbidden(user.as_ref(), right)
        } else if known && *verb == Verb::OPTIONS {
            with(plain(StatusCode::OK, ""), ALLOW, &allowed(target))
        } else if known && !hidden && !target.methods().contains(&verb.as_str()) {
            with(plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"), ALLOW, &allowed(target))
        } else {
            match target {
                _ if matches!(right, Right::Push | Right::Admin) && is_from_another_site(headers) => {
                    if right == Right::Push {
                        self.stats.refused("forbidden");
                    }
                    plain(StatusCode::FORBIDDEN, "sent by a page of another site")
                }
                Target::Group(path) => self.change(verb, path, query, headers, body).await,
                // It knows its own page by a token.
                Target::Groups if *verb == Verb::POST => self.form(headers, body),
                Target::Telemetry => self.scrape(headers).await,
                Target::Healthy => self.healthy(),
                Target::Ready => self.ready(),
                Target::Quit => self.quit(),
                Target::Reload => self.asked_to_reload().await,
                Target::Wipe => self.wipe().await,
                Target::Status => self.status(),
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
                    moved(status, &format!("{}{path}", self.prefix), query)
                }
                Target::Unclean => moved(StatusCode::MOVED_PERMANENTLY, &target::clean(path), query),
                Target::Prefix if *verb == Verb::GET => {
                    moved(StatusCode::MOVED_PERMANENTLY, &format!("{}/", self.prefix), query)
                }
                Target::Nothing | Target::Prefix | Target::Moved(..) => {
                    plain(StatusCode::NOT_FOUND, "404 page not found")
                }
            }
        };
        let is_api = path.strip_prefix(self.prefix.as_str()).is_some_and(|path| path.starts_with(API));
        if known && target != Target::Telemetry {
            let options = is_api && *verb == Verb::OPTIONS;
            let handler = if options { "api/v1/options" } else { target.handler(verb.as_str()) };
            self.stats.request(handler, response.status().as_u16(), verb.as_str());
        }
        // Not those that change something: no page may delete groups through whoever looks at it.
        if matches!(target, Target::Api | Target::Status) { api::shared(response) } else { response }
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
        self.store.wipe();
        self.durable(plain(StatusCode::ACCEPTED, "")).await
    }

    /// Says who may not do what.
    fn forbidden(&self, user: Option<&User>, right: Right) -> Response {
        let name = user.map_or("anyone", |user| &user.0);
        if right == Right::Push {
            self.stats.refused("forbidden");
        }
        plain(StatusCode::FORBIDDEN, &format!("user `{name}` may not {right}"))
    }
}

impl Gateway {
    /// An answer that was made beside. Whoever asks for such and does not read them holds this memory until
    /// the time for writing ends; `what` too many of them are.
    fn held(&self, body: Option<Vec<u8>>, what: &str) -> Response {
        let Some(body) = body else { return failed() };
        self.answers.hold(body).map_or_else(|| self.unread(what), |body| Response::new(body.into()))
    }

    /// There is no room for one more such answer.
    fn unread(&self, what: &str) -> Response {
        self.stats.unread();
        busy(&format!("too many {what} are being read"))
    }

    /// The same as JSON.
    fn held_json(&self, body: Option<Vec<u8>>) -> Response {
        let mut response = self.held(body, "answers");
        if response.status() == StatusCode::OK {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        response
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
