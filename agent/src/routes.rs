//! What the agent's listener answers: pulls, probes, a flush for whoever ends the app, and a reload.

use std::sync::Arc;
use std::time::Duration;

use http::header::ALLOW;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use service::web::is_from_another_site;
use tokio::time::Instant;
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::intake::Intakes;
use crate::pipeline::Hurry;
use crate::reload::Ask;
use crate::sinks::pull::Pull;
use crate::status::Sources;

/// What a flush may take where it does not say so, and at the most.
const USUAL: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_mins(5);

/// Reads all and pushes it, now.
#[derive(Debug, Clone)]
pub struct Flush {
    /// Asks the readers.
    pub hurry: Hurry,
    /// The ways to the endpoints.
    pub intakes: Intakes,
}

impl Flush {
    /// 200 once everything was read and pushed; 504 with what was not, a line each.
    async fn answer(self, query: String) -> Response {
        let Some(longest) = longest(&query) else {
            let expected =
                format!("expected /-/flush or /-/flush?timeout=5s with at most {LONGEST:?}, got ?{query}\n");
            return warp::reply::with_status(expected, StatusCode::BAD_REQUEST).into_response();
        };
        let left = self.hurry.flush(&self.intakes, Instant::now() + longest).await;
        if left.is_empty() {
            return "OK\n".into_response();
        }
        let lines: String = left.iter().map(|left| format!("{left}\n")).collect();
        warp::reply::with_status(lines, StatusCode::GATEWAY_TIMEOUT).into_response()
    }
}

fn longest(query: &str) -> Option<Duration> {
    if query.is_empty() {
        return Some(USUAL);
    }
    let timeout = humantime::parse_duration(query.strip_prefix("timeout=")?).ok()?;
    (timeout <= LONGEST).then_some(timeout)
}

/// All routes.
pub fn filter(
    status: Sources,
    flush: Flush,
    ask: Ask,
) -> impl Filter<Extract = (impl Reply + use<>,), Error = warp::Rejection> + Clone + use<> {
    let pull = Arc::clone(&status.pull);
    let with = warp::any().map(move || Arc::clone(&pull));
    let status = warp::any().map(move || status.clone());
    let metrics = warp::path!("metrics")
        .and(with.clone())
        .and(warp::header::headers_cloned())
        .map(|pull: Arc<Pull>, headers: HeaderMap| pull.metrics(&headers));
    let healthy = warp::path!("-" / "healthy").map(|| "OK\n".into_response());
    let ready = warp::path!("-" / "ready").and(with).map(|pull: Arc<Pull>| {
        if pull.ready() {
            return "OK\n".into_response();
        }
        warp::reply::with_status("no source was read yet\n", StatusCode::SERVICE_UNAVAILABLE).into_response()
    });
    let page = warp::path::end()
        .and(status.clone())
        .map(|status: Sources| warp::reply::html(status.page()).into_response());
    let json = warp::path!("api" / "v1" / "status")
        .and(status)
        .map(|status: Sources| warp::reply::json(&status.now()).into_response());
    let pages = metrics.or(healthy).unify().or(ready).unify().or(page).unify().or(json).unify();
    let pages = warp::method()
        .and(pages)
        .map(|method: Method, response: Response| only(&method, &[Method::GET, Method::HEAD], response));
    let foreign = warp::header::headers_cloned().map(|headers| is_from_another_site(&headers));
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let flushes = warp::path!("-" / "flush").and(warp::method()).and(foreign).and(query).then(
        move |method: Method, is_foreign: bool, query: String| {
            let flush = flush.clone();
            async move {
                if is_foreign {
                    return of_another_site();
                }
                if method == Method::POST {
                    return flush.answer(query).await;
                }
                only(&method, &[Method::POST], Response::default())
            }
        },
    );
    let reloads = warp::path!("-" / "reload").and(warp::method()).and(foreign).then(
        move |method: Method, is_foreign: bool| {
            let ask = ask.clone();
            async move {
                if is_foreign {
                    return of_another_site();
                }
                if method == Method::POST {
                    return ask.answer().await;
                }
                only(&method, &[Method::POST], Response::default())
            }
        },
    );
    flushes.or(reloads).unify().or(pages).unify()
}

fn of_another_site() -> Response {
    warp::reply::with_status("asked by a page of another site\n", StatusCode::FORBIDDEN).into_response()
}

/// Warp's own answer to another method does not say which are allowed.
fn only(method: &Method, allowed: &[Method], response: Response) -> Response {
    if allowed.contains(method) {
        return response;
    }
    let mut refused = StatusCode::METHOD_NOT_ALLOWED.into_response();
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
        refused.headers_mut().insert(ALLOW, names);
    }
    refused
}
