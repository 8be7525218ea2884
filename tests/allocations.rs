//! Instrumentation allocates nothing: not by itself, and not around a request that is served.
//!
//! Counting needs an allocator of our own, which is unsafe code; the one of the crate
//! `allocation-counter` is read and tested by others, so ours stays free of any.
#![allow(clippy::unwrap_used, reason = "a failed test helper is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use api::config::{Settings, Work};
use api::front::Front;
use api::limits::Limits;
use api::metrics::{Instruments, Metrics, Nothing, Rejection, UnderWay};
use api::routes::{self, Route};
use http::{Method, StatusCode};
use prometheus::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const REQUESTS: u64 = 1000;

fn metrics() -> Metrics {
    Metrics::new(&Registry::new()).unwrap()
}

fn request(instruments: &impl Instruments) {
    let under_way = instruments.begin(&Method::GET, Route::Root);
    let began = instruments.work_began();
    instruments.work_ended(began);
    under_way.answered(StatusCode::OK);
    instruments.rejected(Rejection::Rate);
    // One whose client leaves early.
    drop(instruments.begin(&Method::POST, Route::Unknown));
}

#[test]
fn instruments_allocate_nothing() {
    let metrics = metrics();
    // The first request of a kind makes its series.
    request(&metrics);
    let counted = measure(|| (0..REQUESTS).for_each(|_| request(&metrics)));
    // The summary's sketch grows, once, with the first time of a new order of magnitude.
    assert!(counted.count_total < REQUESTS / 100, "{}", counted.count_total);
}

/// Allocations of requests that are served on this thread, those of the client with them.
fn served(instruments: impl Instruments) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let work = Work { min: Duration::ZERO, max: Duration::ZERO };
    let settings = Settings { work, ..Settings::default() };
    let (limits, stop) = (Limits::new(&settings.limits), CancellationToken::new());
    let routes =
        routes::service(&settings, &Registry::new(), instruments.clone(), limits.clone(), stop.clone());
    let service = Front::new(routes, instruments, limits);
    let mut stream = runtime.block_on(async {
        let listener = service::server::bind("127.0.0.1:0".parse().unwrap(), "").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = settings.server();
        tokio::spawn(async move {
            service::server::serve(listener, service, &server, Arc::default(), stop).await
        });
        TcpStream::connect(address).await.unwrap()
    });
    let mut exchange = || {
        runtime.block_on(async {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
            let (mut answer, mut read) = ([0; 1024], 0);
            while !answer[..read].ends_with(b"}") {
                read += stream.read(&mut answer[read..]).await.unwrap();
            }
        });
    };
    // Buffers and series are made by the first ones.
    (0..REQUESTS).for_each(|_| exchange());
    measure(|| (0..REQUESTS).for_each(|_| exchange())).count_total
}

#[test]
fn a_request_with_instruments_allocates_no_more_than_one_without() {
    let (with, without) = (served(metrics()), served(Nothing));
    assert!(without > REQUESTS, "nothing was counted: {without}");
    // A timer's wheel or a date header may need one once in a while, a request never.
    assert!(with < without + REQUESTS / 10, "{with} with, {without} without, in {REQUESTS} requests");
}
