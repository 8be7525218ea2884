//! `/metrics`: the stored text in the format that is asked for.

use std::convert::Infallible;
use std::sync::Arc;

use exposition::encode;
use futures_util::stream;
use http::StatusCode;
use http::header::{ACCEPT_ENCODING, HeaderMap};
use service::negotiate;
use warp::Reply;
use warp::reply::Response;

use super::Gateway;
use super::answers::{busy, failed};
use crate::page::Metrics;

impl Gateway {
    pub(super) async fn scrape(self: &Arc<Self>, headers: &HeaderMap) -> Response {
        let encoding = negotiate::header(headers, ACCEPT_ENCODING);
        let packed = negotiate::wants_gzip(encoding.as_deref());
        let own = self.stats.page(&self.store, self.bodies.taken());
        let mut metrics = Metrics::new(self.store.snapshot(), &own);
        let response = if packed {
            self.packed(metrics).await
        } else {
            // While this is read, what is replaced in the store stays in memory for it: at most all of it.
            let mut room = self.answers.nothing();
            if !room.grow(metrics.bytes()) {
                return busy("too many scrapes are being read");
            }
            let pieces = std::iter::from_fn(move || {
                let _held = &room;
                metrics.next().map(Ok::<_, Infallible>)
            });
            warp::reply::stream(stream::iter(pieces)).into_response()
        };
        if response.status() != StatusCode::OK {
            return response;
        }
        negotiate::described(response, encode::TEXT, packed)
    }

    /// Packed text is short: it is made at once, beside the tasks that answer.
    async fn packed(self: &Arc<Self>, metrics: Metrics) -> Response {
        let Some(body) = self.work.run(move || negotiate::gzip_pieces(metrics)).await else {
            return failed();
        };
        // Whoever asks for pages and does not read them holds this memory until the time for writing ends.
        self.answers
            .hold(body)
            .map_or_else(|| busy("too many scrapes are being read"), |body| Response::new(body.into()))
    }
}
