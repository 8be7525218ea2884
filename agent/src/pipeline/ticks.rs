//! When a source is read: at once, and then at moments that are its own.
//!
//! Moments are spread over the interval by a hash of the source and the agent, so that a fleet
//! started at once does not come all at once, and they are the same after a restart.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// The ticks of one source.
#[derive(Debug)]
pub(super) struct Ticks {
    /// The first reading waits for nothing.
    at_once: bool,
    aligned: Interval,
}

impl Ticks {
    pub(super) fn new(interval: Duration, seed: u64, source: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let first = Instant::now() + until(now, interval, hash(seed, source));
        let mut aligned = interval_at(first, interval);
        // A late tick does not move those after it.
        aligned.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self { at_once: true, aligned }
    }

    /// Another interval, or another agent. What was read already is not read again for it.
    pub(super) fn change(&mut self, interval: Duration, seed: u64, source: &str) {
        *self = Self { at_once: self.at_once, ..Self::new(interval, seed, source) };
    }

    pub(super) async fn tick(&mut self) {
        if !std::mem::take(&mut self.at_once) {
            self.aligned.tick().await;
        }
    }
}

/// How long it is until the next tick, `now` being the time since 1970.
fn until(now: Duration, interval: Duration, hash: u64) -> Duration {
    let interval = interval.as_nanos().max(1);
    let offset = u128::from(hash) % interval;
    let left = interval - (now.as_nanos() + interval - offset) % interval;
    // One right after the first reading would say nothing new.
    let left = if left < interval / 10 { left + interval } else { left };
    Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX))
}

/// FNV-1a with a finish that spreads its high bits: std's own hasher may differ between releases.
pub(super) fn hash(seed: u64, text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = seed.to_le_bytes().into_iter().chain(text.bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(15);

    fn phase(now: Duration, hash: u64) -> u128 {
        (now + until(now, INTERVAL, hash)).as_nanos() % INTERVAL.as_nanos()
    }

    #[test]
    fn ticks_are_at_the_same_moments_after_a_restart() {
        let hash = hash(7, "http://a/metrics");
        let started = Duration::from_millis(1_700_000_000_123);
        for later in [0, 1, 7_777, 14_999, 15_000, 86_400_000] {
            assert_eq!(phase(started + Duration::from_millis(later), hash), phase(started, hash), "{later}");
        }
    }

    #[test]
    fn the_first_tick_comes_within_an_interval_but_not_right_after_the_first_reading() {
        let tenth = INTERVAL / 10;
        for ms in 0..15_000 {
            let left = until(Duration::from_millis(ms), INTERVAL, hash(1, "a"));
            assert!(left >= tenth && left < INTERVAL + tenth, "{ms}: {left:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_that_a_process_stood_still_is_not_made_up_for() {
        let mut ticks = Ticks::new(INTERVAL, 7, "a");
        // At once, and then the first of its own.
        ticks.tick().await;
        ticks.tick().await;
        let began = Instant::now();
        for stood in [60_u64, 3_600, 86_400] {
            tokio::time::advance(Duration::from_secs(stood)).await;
            ticks.tick().await;
            let woke = Instant::now();
            // The one that is late comes at once, and the next where it would have been.
            ticks.tick().await;
            let since = (Instant::now() - began).as_millis() % INTERVAL.as_millis();
            assert!(since < 5 && woke.elapsed() <= INTERVAL, "{stood} s: {since} ms, {:?}", woke.elapsed());
        }
    }

    #[test]
    fn a_thousand_agents_are_spread_over_the_interval() {
        let now = Duration::from_secs(1_700_000_000);
        let mut tenths = [0; 10];
        for agent in 0..1_000 {
            let seed = hash(0, &format!("job/pushpull-agent/instance/host-{agent}"));
            let at = phase(now, hash(seed, "http://127.0.0.1:8000/metrics"));
            tenths[usize::try_from(at * 10 / INTERVAL.as_nanos()).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (60..=140).contains(count)), "{tenths:?}");
    }
}
