//! `/metrics`: the stored text in the format that is asked for.

use std::sync::Arc;

use exposition::encode;
use http::header::{ACCEPT_ENCODING, HeaderMap};
use service::negotiate;
use warp::reply::Response;

use super::Gateway;
use super::answers::{busy, failed};
use crate::page;

impl Gateway {
    pub(super) async fn scrape(self: &Arc<Self>, headers: &HeaderMap) -> Response {
        let encoding = negotiate::header(headers, ACCEPT_ENCODING);
        let gateway = Arc::clone(self);
        let page = self.work.run(move || {
            let own = gateway.stats.page(&gateway.store, gateway.bodies.taken());
            let text = page::metrics(&gateway.store.lock(), &own);
            negotiate::page(text, encode::TEXT, encoding.as_deref())
        });
        let Some(page) = page.await else { return failed() };
        let (head, body) = page.into_parts();
        // Whoever asks for pages and does not read them holds this memory until the time for writing ends.
        match self.answers.hold(body) {
            Some(body) => Response::from_parts(head, body.into()),
            None => busy("too many scrapes are being read"),
        }
    }
}
