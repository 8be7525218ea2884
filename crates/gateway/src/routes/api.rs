//! `/api/v1/metrics`, for programs.

use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use warp::reply::Response;

use super::Gateway;
use super::answers::{busy, failed};
use crate::page;

/// What the real one says to browsers about its API: pages from elsewhere may read it. Ours has methods that
/// change things, so that is all they may: no page may delete groups through whoever looks at it.
const SHARED: [(&str, &str); 4] = [
    ("access-control-allow-headers", "Accept, Authorization, Content-Type, Origin"),
    ("access-control-allow-methods", "GET, OPTIONS"),
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "Date"),
];

impl Gateway {
    pub(super) async fn groups_as_json(self: &Arc<Self>) -> Response {
        let gateway = Arc::clone(self);
        let json = self.work.run(move || {
            let data = page::api(&gateway.store.snapshot());
            let body = serde_json::json!({ "status": "success", "data": data });
            body.to_string().into_bytes()
        });
        let Some(json) = json.await else { return failed() };
        // Whoever asks and does not read holds this memory until the time for writing ends.
        let Some(body) = self.answers.hold(json) else {
            return busy("too many answers are being read");
        };
        let mut response = Response::new(body.into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// Lets pages from elsewhere read this answer, and nobody keep it.
pub(super) fn shared(mut response: Response) -> Response {
    for (name, value) in SHARED {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let fresh = HeaderValue::from_static("no-cache, no-store, must-revalidate");
    response.headers_mut().insert(CACHE_CONTROL, fresh);
    response
}
