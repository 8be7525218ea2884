//! How long to wait before trying again: exponential with full jitter, or as long as was asked for.

use std::time::{Duration, SystemTime};

const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(30);

/// The state of one endpoint's failures.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// It worked.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed; how long to wait. Full jitter keeps a fleet from coming back all at once.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        let ceiling = FIRST.saturating_mul(1 << self.failures.min(16)).min(MOST);
        self.failures = self.failures.saturating_add(1);
        let jittered = rand::random_range(Duration::ZERO..=ceiling);
        // Never earlier than asked; a receiver that asks for an hour does not get us for an hour less.
        asked.map_or(jittered, |asked| asked + jittered.min(Duration::from_secs(1)))
    }
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3).
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_ceiling_and_start_anew() {
        let mut backoff = Backoff::default();
        for failures in 0..40 {
            let ceiling = FIRST.saturating_mul(1 << failures.min(16)).min(MOST);
            assert!(backoff.next(None) <= ceiling);
        }
        backoff.reset();
        assert!(backoff.next(None) <= FIRST);
    }

    #[test]
    fn what_is_asked_for_is_waited_for() {
        let mut backoff = Backoff::default();
        assert!(backoff.next(Some(Duration::from_secs(7))) >= Duration::from_secs(7));
        let now = httpdate::parse_http_date("Wed, 21 Oct 2015 07:28:00 GMT").unwrap();
        let rows = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Wed, 21 Oct 2015 07:29:30 GMT", Some(90)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("soon", None),
        ];
        for (text, want) in rows {
            assert_eq!(retry_after(text, now), want.map(Duration::from_secs), "{text}");
        }
    }
}
