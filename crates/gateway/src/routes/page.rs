//! The page for people, and the one form on it that changes something.

use std::sync::{Arc, LazyLock};

use exposition::GroupingKey;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, HeaderMap, HeaderName};
use http::{HeaderValue, StatusCode};
use service::body::{Body, BodyError};
use service::negotiate;
use warp::reply::Response;

use super::Gateway;
use super::answers::{failed, plain, with};
use crate::page::html::{self, Facts, policy};
use crate::query;

/// Only whoever could read the page knows it, and other sites cannot: their forms are refused. A proxy may
/// change `Host`, so that cannot be compared with `Origin`.
static TOKEN: LazyLock<String> = LazyLock::new(|| format!("{:032x}", rand::random::<u128>()));
/// Where a request comes from, said by browsers themselves (W3C Fetch Metadata).
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Gateway {
    /// The page, or one group on it.
    pub(super) async fn page(self: &Arc<Self>, query: &str, headers: &HeaderMap) -> Response {
        let query = match query::pairs(query) {
            Ok(query) => query,
            Err(message) => return plain(StatusCode::BAD_REQUEST, &message),
        };
        let encoding = negotiate::header(headers, ACCEPT_ENCODING);
        let gateway = Arc::clone(self);
        let page = self.work.run(move || {
            // Relative, and never the beginning of another scheme.
            let metrics = format!(".{}", gateway.settings.telemetry_path);
            let facts = Facts { started: gateway.started, metrics: &metrics, token: &TOKEN };
            let (known, text) = html::page(&gateway.store, &query, &facts);
            let mut page =
                negotiate::page(text.into_bytes(), "text/html; charset=utf-8", encoding.as_deref());
            *page.status_mut() = if known { StatusCode::OK } else { StatusCode::NOT_FOUND };
            page
        });
        let Some(page) = page.await else { return failed() };
        let (mut head, body) = page.into_parts();
        for (name, value) in policy::headers() {
            head.headers.insert(name, value.clone());
        }
        head.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.answers.hold(body) {
            Some(body) => Response::from_parts(head, body.into()),
            None => self.unread("pages"),
        }
    }

    /// Deletes one group for a browser without scripts, and shows the list again.
    pub(super) fn form(&self, headers: &HeaderMap, body: Result<Body, BodyError>) -> Response {
        if headers.get(SITE).is_some_and(|site| site != "same-origin") {
            return plain(StatusCode::FORBIDDEN, "this form is for the gateway's own page");
        }
        let body = match body {
            Ok(body) => body.bytes(),
            Err(error) => return plain(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        let form = String::from_utf8(body.to_vec()).map_err(|error| error.to_string());
        let form = match form.and_then(|form| query::pairs(&form)) {
            Ok(form) => form,
            Err(message) => return plain(StatusCode::BAD_REQUEST, &message),
        };
        let field = |name: &str| query::first(&form, name);
        if !field("token").is_some_and(is_token) {
            let message =
                "the page is of another gateway or of an earlier start: load it again; programs use DELETE";
            return plain(StatusCode::FORBIDDEN, message);
        }
        let Some(key) = field("group").and_then(|path| GroupingKey::from_path(path).ok()) else {
            return plain(StatusCode::BAD_REQUEST, "expected a group such as job/x in the field `group`");
        };
        self.store.delete(&key);
        // Relative, since a proxy may serve all of this below another path.
        with(plain(StatusCode::SEE_OTHER, ""), http::header::LOCATION, "../../")
    }
}

/// Takes as long for any wrong token of the right length.
fn is_token(text: &str) -> bool {
    let pairs = text.bytes().zip(TOKEN.bytes());
    text.len() == TOKEN.len() && pairs.fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}
