//! Which routes there are, as Warp filters, and how a path is named in metrics.

use std::convert::Infallible;

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap};
use prometheus::Registry;
use service::negotiate;
use tokio_util::sync::CancellationToken;
use warp::reject::{MethodNotAllowed, Rejection};
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::config::Settings;
use crate::front::Inner;
use crate::handlers;
use crate::limits::Limits;
use crate::metrics::Instruments;

/// A route template: the only form in which a path becomes a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/`
    Root,
    /// `/metrics`
    Metrics,
    /// `/-/healthy`
    Healthy,
    /// `/-/ready`
    Ready,
    /// Everything else: a thousand unknown paths are one label value.
    Unknown,
}

impl Route {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Root, Self::Metrics, Self::Healthy, Self::Ready, Self::Unknown];

    /// The route of a path.
    pub fn of(path: &str) -> Self {
        Self::ALL.into_iter().find(|route| route.template() == path).unwrap_or(Self::Unknown)
    }

    /// The label value.
    pub fn template(self) -> &'static str {
        match self {
            Self::Root => "/",
            Self::Metrics => "/metrics",
            Self::Healthy => "/-/healthy",
            Self::Ready => "/-/ready",
            Self::Unknown => "<unknown>",
        }
    }

    /// Whether load may turn a request away: scrapes and probes matter most under overload.
    pub fn is_limited(self) -> bool {
        matches!(self, Self::Root | Self::Unknown)
    }
}

/// All routes as one service.
pub fn service<I: Instruments>(
    settings: &Settings,
    registry: &Registry,
    instruments: I,
    limits: Limits,
    stop: CancellationToken,
) -> impl Inner {
    let work = settings.work;
    // The body is read, and forgotten, so that a chunked one finds its limit, too.
    let root = warp::path::end().and(warp::get()).and(warp::body::stream()).then(move |body| {
        let (instruments, limits) = (instruments.clone(), limits.clone());
        async move { handlers::hello(&instruments, work, body, &limits).await }
    });
    let registry = registry.clone();
    let metrics = warp::path!("metrics").and(warp::get()).and(warp::header::headers_cloned()).map(
        move |headers: HeaderMap| {
            let [accept, encoding] = [ACCEPT, ACCEPT_ENCODING].map(|name| negotiate::header(&headers, name));
            handlers::metrics(&registry, accept.as_deref(), encoding.as_deref())
        },
    );
    let healthy = warp::path!("-" / "healthy").and(warp::get()).map(|| "OK\n");
    let ready = warp::path!("-" / "ready").and(warp::get()).map(move || handlers::ready(stop.is_cancelled()));
    warp::service(root.or(metrics).or(healthy).or(ready).recover(refused))
}

async fn refused(rejection: Rejection) -> Result<Response, Infallible> {
    // A wrong path is rejected, too, where a method was: the path decides.
    let reply = if rejection.is_not_found() {
        handlers::no_such_route()
    } else if rejection.find::<MethodNotAllowed>().is_some() {
        let reply =
            handlers::error(http::StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are allowed here");
        warp::reply::with_header(reply, "allow", "GET, HEAD").into_response()
    } else {
        handlers::error(http::StatusCode::BAD_REQUEST, "bad request")
    };
    Ok(reply)
}
