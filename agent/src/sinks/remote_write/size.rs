//! How large requests may be, by what the receiver said of their size.
//!
//! A 413 names no limit. What was too much is halved; what is taken makes room for a sixteenth more, up to
//! what was refused, which is only tried again after an hour: a limit that was raised is found, and one that
//! stands costs one request an hour.

use std::time::{Duration, Instant};

/// Requests are never made smaller than this.
const LEAST: usize = 100;
/// So many requests in a row that are not small for the limit are taken before it grows.
const GOOD: u32 = 10;
/// How long what was refused is not tried again.
const REMEMBERED: Duration = Duration::from_hours(1);

/// The limit of one receiver, for all its shards.
#[derive(Debug, Default)]
pub(super) struct Size {
    refused: Option<Refused>,
}

#[derive(Debug)]
struct Refused {
    /// Samples of a request at the most.
    most: usize,
    /// Samples of the smallest request that was refused, and when.
    samples: usize,
    at: Instant,
    /// Requests that were taken since the limit is what it is.
    good: u32,
}

impl Size {
    /// Samples of a request at the most, if that is less than what is set.
    pub(super) fn most(&self, set: usize) -> Option<usize> {
        self.refused.as_ref().map(|refused| refused.most).filter(|most| *most < set)
    }

    /// A request of so many samples was too much.
    pub(super) fn refused(&mut self, samples: usize, now: Instant) {
        let half = (samples / 2).max(LEAST);
        // Of requests that were under way together the smallest counts; what was refused long ago does not.
        let before = self.refused.as_ref().filter(|before| !is_old(before, now));
        let samples = before.map_or(samples, |before| before.samples.min(samples));
        let most = self.refused.as_ref().map_or(half, |before| before.most.min(half));
        self.refused = Some(Refused { most, samples, at: now, good: 0 });
    }

    /// A request of so many samples was taken, where so many are set.
    pub(super) fn taken(&mut self, samples: usize, set: usize, now: Instant) {
        let Some(refused) = &mut self.refused else { return };
        // A small one says nothing of larger ones.
        if samples < refused.most / 2 {
            return;
        }
        refused.good += 1;
        if refused.good < GOOD {
            return;
        }
        refused.good = 0;
        let more = (refused.samples.max(refused.most) / 16).max(1);
        let below = refused.samples.saturating_sub(more).max(refused.most);
        let old = is_old(refused, now);
        refused.most = (refused.most + more).min(if old { usize::MAX } else { below });
        if refused.most >= set {
            self.refused = None;
        }
    }
}

fn is_old(refused: &Refused, now: Instant) -> bool {
    now.saturating_duration_since(refused.at) >= REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: usize = 5_000;

    /// Sends full requests to a receiver that takes so many samples; how large they were, and the refusals.
    fn send(size: &mut Size, limit: usize, requests: usize, now: Instant) -> (Vec<usize>, usize) {
        let mut refused = 0;
        let sizes = (0..requests).map(|_| {
            let samples = size.most(SET).unwrap_or(SET);
            if samples > limit {
                refused += 1;
                size.refused(samples, now);
            } else {
                size.taken(samples, SET, now);
            }
            samples
        });
        (sizes.collect(), refused)
    }

    #[test]
    fn it_grows_to_just_below_what_was_refused_and_no_further_within_an_hour() {
        let (mut size, now) = (Size::default(), Instant::now());
        // 5,000 is refused, then 3,124 or so on the way back: what is left stays below that.
        let (sizes, refused) = send(&mut size, 3_000, 1_000, now);
        assert_eq!(refused, 2, "{sizes:?}");
        let end = size.most(SET).unwrap();
        assert!((2_800..=3_000).contains(&end), "{end}");
        let almost = now + Duration::from_mins(59);
        assert_eq!(send(&mut size, 3_000, 1_000, almost).1, 0);
        assert_eq!(size.most(SET), Some(end));
    }

    #[test]
    fn a_limit_that_stands_costs_one_request_an_hour_and_one_that_is_gone_none() {
        let (mut size, now) = (Size::default(), Instant::now());
        send(&mut size, 3_000, 1_000, now);
        let later = now + REMEMBERED;
        let (sizes, refused) = send(&mut size, 3_000, 1_000, later);
        assert_eq!(refused, 1, "{sizes:?}");
        let (_, refused) = send(&mut size, SET, 1_000, later + REMEMBERED);
        assert_eq!((refused, size.most(SET)), (0, None), "as large as was set");
    }

    #[test]
    fn small_requests_say_nothing_and_it_has_an_end_below() {
        let (mut size, now) = (Size::default(), Instant::now());
        assert_eq!(size.most(SET), None);
        size.refused(SET, now);
        for _ in 0..1_000 {
            size.taken(1_249, SET, now);
        }
        assert_eq!(size.most(SET), Some(2_500));
        for samples in [2_500, 1_250, 5_000, 130, 90, 1] {
            size.refused(samples, now);
        }
        assert_eq!(size.most(SET), Some(LEAST));
        // However small what was refused is, taken requests never make the limit smaller.
        send(&mut size, SET, 100, now);
        assert_eq!(size.most(SET), Some(LEAST));
        // What is set may be less than the limit.
        assert_eq!(size.most(50), None);
    }
}
