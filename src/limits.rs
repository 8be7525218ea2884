//! Who is turned away: over the rate, too many at once, too large or too slow a body, while stopping.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use warp::reply::Response;

use crate::config::LimitSettings;
use crate::handlers;
use crate::metrics::Rejection;

/// The bounds, with what they hold.
#[derive(Debug, Clone)]
pub struct Limits {
    rate: Option<Arc<DefaultDirectRateLimiter>>,
    places: Arc<Semaphore>,
    stop: Option<CancellationToken>,
    /// Bytes of a body.
    pub max_body: usize,
    /// Time for a body.
    pub body_timeout: Duration,
}

/// A request that was turned away, with what it is answered.
#[derive(Debug)]
pub struct TurnedAway {
    /// Why.
    pub reason: Rejection,
    /// The answer.
    pub response: Response,
}

impl Limits {
    /// Fresh bounds.
    pub fn new(settings: &LimitSettings) -> Self {
        let rate = NonZeroU32::new(settings.requests_per_second).map(|rate| {
            let burst = NonZeroU32::new(settings.burst).unwrap_or(rate);
            Arc::new(RateLimiter::direct(Quota::per_second(rate).allow_burst(burst)))
        });
        let places = Arc::new(Semaphore::new(settings.max_in_flight));
        let (max_body, body_timeout) = (settings.max_body.0, settings.body_timeout);
        Self { rate, places, stop: None, max_body, body_timeout }
    }

    /// The same, and none is let in once `stop` is cancelled.
    #[must_use]
    pub fn until(self, stop: CancellationToken) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Decides by a request's head whether it is let in.
    pub fn admit(&self, headers: &HeaderMap) -> Result<(), Box<TurnedAway>> {
        if self.stop.as_ref().is_some_and(CancellationToken::is_cancelled) {
            let mut response = handlers::error(StatusCode::SERVICE_UNAVAILABLE, "stopping");
            // The client's next request has to go to another instance.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return Err(Box::new(TurnedAway { reason: Rejection::Stopping, response }));
        }
        let length: Option<usize> =
            headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if let Some(length) = length.filter(|length| *length > self.max_body) {
            let message = format!("body of {length} bytes is over the limit of {} bytes", self.max_body);
            let response = handlers::error(StatusCode::PAYLOAD_TOO_LARGE, &message);
            return Err(Box::new(TurnedAway { reason: Rejection::Body, response }));
        }
        if let Some(Err(not_until)) = self.rate.as_ref().map(|rate| rate.check()) {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            let response = later(StatusCode::TOO_MANY_REQUESTS, "over the rate limit", wait);
            return Err(Box::new(TurnedAway { reason: Rejection::Rate, response }));
        }
        Ok(())
    }

    /// A place among the requests being worked on, for as long as the permit is held.
    ///
    /// It is asked for once the body is there: a client that sends none must not keep others out.
    pub fn place(&self) -> Result<OwnedSemaphorePermit, Box<TurnedAway>> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            let wait = Duration::from_secs(1);
            let response = later(StatusCode::SERVICE_UNAVAILABLE, "too many requests in flight", wait);
            Box::new(TurnedAway { reason: Rejection::Concurrency, response })
        })
    }
}

fn later(status: StatusCode, message: &str, wait: Duration) -> Response {
    let mut response = handlers::error(status, message);
    // Whole seconds (RFC 9110 section 10.2.3), and never 0, which invites the next at once.
    let seconds = wait.saturating_sub(Duration::from_nanos(1)).as_secs() + 1;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}
