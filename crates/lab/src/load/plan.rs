//! When each request is meant to start, whatever became of those before it.

use std::time::Duration;

/// How many requests, when, and by how many connections.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Requests a second; 0 is a closed loop: each connection sends again when it has its answer.
    pub rate: f64,
    /// Ends after so many requests.
    pub requests: Option<u64>,
    /// Ends after this time.
    pub duration: Option<Duration>,
    /// How many requests may be under way at once, each on a connection of its own.
    pub concurrent: usize,
    /// How long one request may take from its real start.
    pub timeout: Duration,
    /// How long after the last planned start those that wait for a connection may still start.
    pub drain: Duration,
}

impl Plan {
    /// Whether requests start at planned times.
    pub fn open(&self) -> bool {
        self.rate > 0.0
    }

    /// When a request is meant to start; a closed loop plans nothing.
    pub fn start_of(&self, number: u64) -> Option<Duration> {
        self.open().then(|| Duration::try_from_secs_f64(number as f64 / self.rate).unwrap_or(Duration::MAX))
    }

    /// How many requests are planned in all, where that is known before.
    pub fn total(&self) -> Option<u64> {
        let by_time = self.duration.filter(|_| self.open()).map(|duration| self.due(duration));
        [self.requests, by_time].into_iter().flatten().min()
    }

    /// How long the plan itself is, without what waits after it.
    pub fn length(&self) -> Option<Duration> {
        let by_count = self.requests.filter(|_| self.open()).and_then(|requests| self.start_of(requests));
        [self.duration, by_count].into_iter().flatten().min()
    }

    /// How many requests should have started this long after the beginning.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, and it saturates")]
    pub fn due(&self, elapsed: Duration) -> u64 {
        // Less what 0.1 × 10 and its like have too much.
        let planned = (elapsed.as_secs_f64() * self.rate - 1e-6).ceil().max(0.0) as u64;
        self.requests.map_or(planned, |requests| planned.min(requests))
    }

    /// After this no request starts any more.
    pub fn last_start(&self) -> Duration {
        let drain = if self.open() { self.drain } else { Duration::ZERO };
        self.length().map_or(Duration::MAX, |length| length.saturating_add(drain))
    }
}
