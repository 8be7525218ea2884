//! Answers, and what they say of other places.

use http::{HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value};
use warp::Reply;
use warp::reply::Response;

use crate::target::Target;

/// What a path cannot hold as it is (RFC 3986 section 3.3). A backslash would be a slash to browsers.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

pub(super) fn allowed(target: Target<'_>) -> String {
    let mut methods = target.methods().to_vec();
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.join(", ")
}

pub(super) fn plain(status: StatusCode, message: &str) -> Response {
    if message.is_empty() {
        return warp::reply::with_status(warp::reply(), status).into_response();
    }
    warp::reply::with_status(message.to_owned(), status).into_response()
}

pub(super) fn with(mut response: Response, name: http::HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Sends a client to another path, with the query that it came with.
pub(super) fn moved(status: StatusCode, path: &str, query: &str) -> Response {
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    with(plain(status, ""), http::header::LOCATION, &format!("{}{query}", utf8_percent_encode(path, PATH)))
}

/// What an API says where all went well, in the shape that Prometheus' own gives it.
pub(super) fn success(data: Value) -> Vec<u8> {
    let body = Map::from_iter([("data".to_owned(), data), ("status".to_owned(), "success".into())]);
    Value::Object(body).to_string().into_bytes()
}

/// There is no room now; the client may come again.
pub(super) fn busy(message: &str) -> Response {
    with(plain(StatusCode::SERVICE_UNAVAILABLE, message), http::header::RETRY_AFTER, "1")
}

/// A fault of ours.
pub(super) fn failed() -> Response {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
}
