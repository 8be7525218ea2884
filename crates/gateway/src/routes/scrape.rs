//! `/metrics`: the stored text in the format that is asked for.

use std::sync::Arc;

use exposition::{encode, protobuf};
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap};
use service::negotiate::{self, Format};
use warp::reply::Response;

use super::Gateway;
use super::answers::{busy, failed};
use crate::page::{self, Snapshot};

/// The content type that the real one's newer versions give text: all names are of the classic alphabet.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

impl Gateway {
    pub(super) async fn scrape(self: &Arc<Self>, headers: &HeaderMap) -> Response {
        let accept = negotiate::header(headers, ACCEPT);
        let format = wanted(accept.as_deref(), self.settings.openmetrics);
        let encoding = negotiate::header(headers, ACCEPT_ENCODING);
        let gateway = Arc::clone(self);
        let page = self.work.run(move || {
            let own = gateway.stats.page(&gateway.store, gateway.bodies.taken());
            // Statements of their own, so that the lock is free while the other formats are written.
            let (body, content_type) = match format {
                Format::Text => (page::metrics(&gateway.store.lock(), &own), TEXT),
                Format::Protobuf => {
                    let now = Snapshot::of(&gateway.store.lock());
                    (now.protobuf(&own), protobuf::CONTENT_TYPE)
                }
                Format::OpenMetrics => {
                    let now = Snapshot::of(&gateway.store.lock());
                    (now.openmetrics(&own), encode::OPENMETRICS)
                }
            };
            negotiate::page(body, content_type, encoding.as_deref())
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
