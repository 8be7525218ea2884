//! `/metrics`: the stored text in the format that is asked for.

use std::convert::Infallible;
use std::sync::Arc;

use exposition::{Page, encode, protobuf};
use futures_util::stream;
use http::StatusCode;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap};
use service::negotiate::{self, Format};
use warp::Reply;
use warp::reply::Response;

use super::Gateway;
use crate::groups::Snapshot;
use crate::page::{self, Metrics};

/// The content type that the real one's newer versions give text: all names are of the classic alphabet.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

impl Gateway {
    pub(super) async fn scrape(self: &Arc<Self>, headers: &HeaderMap) -> Response {
        let accept = negotiate::header(headers, ACCEPT);
        let format = wanted(accept.as_deref(), self.settings.openmetrics);
        let encoding = negotiate::header(headers, ACCEPT_ENCODING);
        let packed = negotiate::wants_gzip(encoding.as_deref());
        let (response, content_type) = match format {
            Format::Text if packed => (self.packed().await, TEXT),
            Format::Text => (self.pieces(), TEXT),
            Format::Protobuf => (self.whole(page::protobuf, packed).await, protobuf::CONTENT_TYPE),
            Format::OpenMetrics => (self.whole(page::openmetrics, packed).await, encode::OPENMETRICS),
        };
        if response.status() != StatusCode::OK {
            return response;
        }
        negotiate::described(response, content_type, packed)
    }

    /// All that there is to show, as it is now.
    fn shown(&self) -> (Snapshot, Page) {
        let groups = self.store.lock();
        let (snapshot, expired) = (groups.snapshot(), groups.expired());
        drop(groups);
        self.stats.web(self.settings.web.opened.as_ref().is_none_or(|web| web.is_fresh()));
        let own = self.stats.page(&snapshot, expired, self.store.journal(), self.bodies.taken());
        (snapshot, own)
    }

    /// Text is made while it is sent.
    fn pieces(&self) -> Response {
        let (snapshot, own) = self.shown();
        let mut metrics = Metrics::new(snapshot, &own);
        // While this is read, what is replaced in the store stays in memory for it: at most all of it.
        let mut room = self.answers.nothing();
        if !room.grow(metrics.bytes()) {
            return self.unread("scrapes");
        }
        let pieces = std::iter::from_fn(move || {
            let _held = &room;
            metrics.next().map(Ok::<_, Infallible>)
        });
        warp::reply::stream(stream::iter(pieces)).into_response()
    }

    /// Packed text is short: it is made at once, beside the tasks that answer.
    async fn packed(self: &Arc<Self>) -> Response {
        let gateway = Arc::clone(self);
        let work = self.work.run(move || {
            let (snapshot, own) = gateway.shown();
            negotiate::gzip_pieces(Metrics::new(snapshot, &own))
        });
        self.held(work.await, "scrapes")
    }

    /// The other formats are made at once, too: few ask for them.
    async fn whole(self: &Arc<Self>, write: fn(&Snapshot, &Page) -> Vec<u8>, packed: bool) -> Response {
        let gateway = Arc::clone(self);
        let work = self.work.run(move || {
            let (snapshot, own) = gateway.shown();
            let body = write(&snapshot, &own);
            if packed { negotiate::gzip(&body) } else { body }
        });
        self.held(work.await, "scrapes")
    }
}

/// The format to answer in. Prometheus prefers OpenMetrics to text, but would get other series and types
/// than the real gateway shows it (`le="1.0"`, `_created`, `unknown`), so whoever takes text gets text
/// unless `openmetrics` is set.
fn wanted(accept: Option<&str>, openmetrics: bool) -> Format {
    let lower = accept.unwrap_or_default().to_ascii_lowercase();
    let takes_text = ["text/plain", "text/*", "*/*"].iter().any(|media| lower.contains(media));
    let offered: &[Format] = if openmetrics || !takes_text {
        &[Format::OpenMetrics, Format::Protobuf]
    } else {
        &[Format::Protobuf]
    };
    negotiate::format(accept, offered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_gets_what_the_real_one_gives_it() {
        // What Prometheus sends: 2.42, the same with native histograms, 3.x.
        let plain = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let three = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let rows = [
            (None, false, Format::Text),
            (Some(plain), false, Format::Text),
            (Some(plain), true, Format::OpenMetrics),
            (Some(native), false, Format::Protobuf),
            (Some(native), true, Format::Protobuf),
            (Some(three), false, Format::Text),
            (Some(three), true, Format::OpenMetrics),
            (Some("application/openmetrics-text"), false, Format::OpenMetrics),
            (Some("application/openmetrics-text; version=1.0.0, TEXT/plain;q=0.1"), false, Format::Text),
        ];
        for (accept, openmetrics, want) in rows {
            assert_eq!(wanted(accept, openmetrics), want, "{accept:?}");
        }
    }
}
