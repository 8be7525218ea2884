//! How long to wait before trying again: exponential with full jitter, or as long as was asked for.

use std::time::{Duration, SystemTime};

const FIRST: Duration = Duration::from_millis(500);
/// The longest wait, whatever the interval is.
pub const MOST: Duration = Duration::from_secs(30);
/// No gateway is left alone for longer, whatever `Retry-After` says: a wrong one would be for good.
pub const LONGEST_ASKED: Duration = Duration::from_mins(5);
/// What is longer than that is no time that anybody waits for, and clocks cannot count all of them.
const YEAR: Duration = Duration::from_hours(24 * 366);

/// How often in a row something failed: a group, or its endpoint.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How often in a row it failed.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// It failed; how long to wait, at the most `most`. Full jitter keeps a fleet from coming back all at once.
    pub fn next(&mut self, asked: Option<Duration>, most: Duration) -> Duration {
        self.from(FIRST, asked, most)
    }

    /// The same, where the first wait is at the most `first`.
    pub fn from(&mut self, first: Duration, asked: Option<Duration>, most: Duration) -> Duration {
        let ceiling = first.saturating_mul(1 << self.failures.min(16)).min(most);
        self.failures = self.failures.saturating_add(1);
        let jittered = rand::random_range(Duration::ZERO..=ceiling);
        // Never earlier than asked.
        asked.map_or(jittered, |asked| asked + jittered.min(Duration::from_secs(1)))
    }
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3); a year at the most.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let seconds = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let asked = if seconds {
        // Digits that no integer holds are more than the most.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or(Duration::ZERO)
    };
    Some(asked.min(YEAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_ceiling_and_start_anew() {
        let mut backoff = Backoff::default();
        for failures in 0..40 {
            let ceiling = FIRST.saturating_mul(1 << failures.min(16)).min(MOST);
            assert!(backoff.next(None, MOST) <= ceiling);
        }
        assert!(Backoff::default().next(None, MOST) <= FIRST);
    }

    #[test]
    fn what_is_asked_for_is_waited_for() {
        let mut backoff = Backoff::default();
        assert!(backoff.next(Some(Duration::from_secs(7)), MOST) >= Duration::from_secs(7));
        let now = httpdate::parse_http_date("Wed, 21 Oct 2015 07:28:00 GMT").unwrap();
        let rows = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Wed, 21 Oct 2015 07:29:30 GMT", Some(90)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("soon", None),
            ("", None),
            ("3600", Some(3600)),
            ("18446744073709551615", Some(YEAR.as_secs())),
            ("99999999999999999999999", Some(YEAR.as_secs())),
            ("Wed, 21 Oct 2099 07:28:00 GMT", Some(YEAR.as_secs())),
        ];
        for (text, want) in rows {
            assert_eq!(retry_after(text, now), want.map(Duration::from_secs), "{text}");
        }
    }
}
