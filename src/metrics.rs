//! The instruments: the article's by their own names and help texts, and those added for the web.
//!
//! Handles are resolved once. A request then costs a few looks at the clock and a few additions,
//! and allocates nothing. The clock is the processor's own counter: asking the kernel's took most
//! of the time that the instruments took.

use std::sync::{Arc, OnceLock};

use http::{Method, StatusCode};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Error, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry};
use quanta::Instant;
use service::instruments::raise;
use service::server::ServerStats;
use service::summary::{Summary, SummaryCollector};

use crate::routes::Route;

/// The article's buckets, in seconds.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "other"];
/// The statuses that we answer; 499 is a client that left before its answer.
const STATUSES: [u16; 10] = [200, 404, 405, 413, 429, 499, 500, 503, 400, 408];
const LEFT: u16 = 499;

/// What a request tells as it passes. The benchmark of overhead puts [`Nothing`] in its place.
pub trait Instruments: Clone + Send + Sync + 'static {
    /// What is remembered of a request under way.
    type Request: UnderWay;

    /// A request came.
    fn begin(&self, method: &Method, route: Route) -> Self::Request;
    /// It was turned away.
    fn rejected(&self, reason: Rejection);
    /// The article's endpoint begins its work.
    fn work_began(&self) -> Option<Instant>;
    /// It is done with it.
    fn work_ended(&self, began: Option<Instant>);
}

/// A request that was begun. Dropped without an answer, it is one whose client has left.
pub trait UnderWay: Send {
    /// It was answered.
    fn answered(self, status: StatusCode);
}

/// Why a request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Over the rate limit.
    Rate,
    /// Too many in flight.
    Concurrency,
    /// Its body is too large.
    Body,
    /// Its body did not come in time.
    Slow,
    /// It came while the API lingers before its end.
    Stopping,
}

/// The real instruments.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    requests: IntCounter,
    processing: Arc<Summary>,
    duration: Histogram,
    answered: IntCounterVec,
    /// Handles of `answered` by route, method and status, filled on first use.
    handles: Vec<OnceLock<IntCounter>>,
    in_flight: IntGauge,
    rejected: [IntCounter; 5],
}

impl Metrics {
    /// Makes and registers all of them.
    pub fn new(registry: &Registry) -> Result<Self, Error> {
        let requests = IntCounter::new("app_requests_total", "Total de requisições recebidas")?;
        let processing = Arc::new(Summary::new(
            "app_request_processing_seconds",
            "Tempo de processamento das requisições",
            &[0.5, 0.9, 0.99],
            &[],
        )?);
        let options = HistogramOpts::new(
            "http_request_duration_seconds",
            "Histogram of request processing time (seconds)",
        );
        let duration = Histogram::with_opts(options.buckets(BUCKETS.to_vec()))?;
        let options =
            Opts::new("http_requests_total", "Requests answered, by method, route template and status.");
        let answered = IntCounterVec::new(options, &["method", "route", "status"])?;
        let in_flight = IntGauge::new("http_requests_in_flight", "Requests being worked on.")?;
        let options = Opts::new("http_requests_rejected_total", "Requests turned away, by reason.");
        let rejections = IntCounterVec::new(options, &["reason"])?;
        let rejected = ["rate_limit", "concurrency", "body_size", "body_timeout", "stopping"]
            .map(|reason| rejections.with_label_values(&[reason]));
        let collectors: [Box<dyn Collector>; 6] = [
            Box::new(requests.clone()),
            Box::new(SummaryCollector(Arc::clone(&processing))),
            Box::new(duration.clone()),
            Box::new(answered.clone()),
            Box::new(in_flight.clone()),
            Box::new(rejections),
        ];
        for collector in collectors {
            registry.register(collector)?;
        }
        registry.register(service::process::collector()?)?;
        registry.register(service::process::build_info("pushpull-api")?)?;
        let handles =
            (0..Route::ALL.len() * METHODS.len() * STATUSES.len()).map(|_| OnceLock::new()).collect();
        let inner = Inner { requests, processing, duration, answered, handles, in_flight, rejected };
        let metrics = Self(Arc::new(inner));
        // Alerts on errors need the series before the first error.
        for status in [200, 429, 500, 503] {
            metrics.0.answered(Route::Root, 0, status);
        }
        Ok(metrics)
    }
}

impl Inner {
    fn answered(&self, route: Route, method: usize, status: u16) -> &IntCounter {
        // A status that is not in the list is none of ours; it counts as 500, the bug that it is.
        let slot = STATUSES.iter().position(|known| *known == status).unwrap_or(6);
        let place = (route as usize * METHODS.len() + method) * STATUSES.len() + slot;
        self.handles[place].get_or_init(|| {
            let mut digits = [0; 3];
            let status = three_digits(STATUSES[slot], &mut digits);
            self.answered.with_label_values(&[METHODS[method], route.template(), status])
        })
    }
}

fn three_digits(status: u16, digits: &mut [u8; 3]) -> &str {
    for (place, power) in digits.iter_mut().zip([100, 10, 1]) {
        *place = b'0' + u8::try_from(status / power % 10).unwrap_or(0);
    }
    std::str::from_utf8(digits).unwrap_or("500")
}

/// A request under way. Dropped without an answer, it counts as one whose client left.
#[derive(Debug)]
pub struct Request {
    metrics: Arc<Inner>,
    route: Route,
    method: usize,
    began: Instant,
    status: u16,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        self.metrics.duration.observe(self.began.elapsed().as_secs_f64());
        self.metrics.answered(self.route, self.method, self.status).inc();
    }
}

impl UnderWay for Request {
    fn answered(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl UnderWay for () {
    fn answered(self, _: StatusCode) {}
}

impl Instruments for Metrics {
    type Request = Request;

    fn begin(&self, method: &Method, route: Route) -> Request {
        self.0.in_flight.inc();
        let method = METHODS.iter().position(|known| *known == method.as_str()).unwrap_or(METHODS.len() - 1);
        Request { metrics: Arc::clone(&self.0), route, method, began: Instant::now(), status: LEFT }
    }

    fn rejected(&self, reason: Rejection) {
        self.0.rejected[reason as usize].inc();
    }

    fn work_began(&self) -> Option<Instant> {
        self.0.requests.inc();
        Some(Instant::now())
    }

    fn work_ended(&self, began: Option<Instant>) {
        let now = Instant::now();
        let took = began.map_or(0.0, |began| now.duration_since(began).as_secs_f64());
        self.0.processing.observe(took, now);
    }
}

/// No instruments at all, for measuring what the real ones cost.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Instruments for Nothing {
    type Request = ();

    fn begin(&self, _: &Method, _: Route) {}
    fn rejected(&self, _: Rejection) {}
    fn work_began(&self) -> Option<Instant> {
        None
    }
    fn work_ended(&self, _: Option<Instant>) {}
}

/// Connections as the accept loop counts them.
pub fn connections(stats: Arc<ServerStats>) -> Result<Box<dyn Collector>, Error> {
    let accepted = IntCounter::new("http_connections_accepted_total", "Connections accepted.")?;
    let refused = IntCounter::new("http_connections_refused_total", "Connections over the cap, refused.")?;
    Ok(Box::new(Connections { stats, accepted, refused }))
}

struct Connections {
    stats: Arc<ServerStats>,
    accepted: IntCounter,
    refused: IntCounter,
}

impl Collector for Connections {
    fn desc(&self) -> Vec<&Desc> {
        [self.accepted.desc(), self.refused.desc()].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        use std::sync::atomic::Ordering::Relaxed;
        for (counter, value) in [(&self.accepted, &self.stats.accepted), (&self.refused, &self.stats.refused)]
        {
            raise(counter, value.load(Relaxed));
        }
        [self.accepted.collect(), self.refused.collect()].concat()
    }
}
