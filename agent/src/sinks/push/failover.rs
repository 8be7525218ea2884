//! Which of an endpoint's gateways is pushed to: the first that works, and the first of all again after a while.

use std::time::{Duration, Instant};

use reqwest::StatusCode;

/// Where pushes go now.
#[derive(Debug)]
pub(super) struct Failover {
    count: usize,
    current: usize,
    failback: Duration,
    /// When another than the first was last found to be needed.
    left: Option<Instant>,
}

impl Failover {
    pub(super) fn new(count: usize, failback: Duration) -> Self {
        Self { count, current: 0, failback, left: None }
    }

    /// The same, back at the first after another time.
    pub(super) fn with(self, failback: Duration) -> Self {
        Self { failback, ..self }
    }

    /// The gateways in the order in which one push tries them.
    pub(super) fn order(&self, now: Instant) -> Vec<usize> {
        let back = self.left.is_some_and(|left| now.saturating_duration_since(left) >= self.failback);
        let first = if back { 0 } else { self.current };
        let others = (self.current..self.count).chain(0..self.current).filter(|at| *at != first);
        std::iter::once(first).chain(others).collect()
    }

    /// One took a push, or refused it for good; which it was before, where it was another.
    pub(super) fn worked(&mut self, at: usize, now: Instant, tried_first: bool) -> Option<usize> {
        if at == 0 {
            self.left = None;
        } else if tried_first || self.left.is_none() {
            self.left = Some(now);
        }
        let before = std::mem::replace(&mut self.current, at);
        (before != at).then_some(before)
    }

    pub(super) fn current(&self) -> usize {
        self.current
    }
}

/// What a proxy says in place of a gateway that is not there. Other answers are the gateway's own.
pub(super) fn is_of_a_proxy(status: StatusCode) -> bool {
    [502, 503, 504].contains(&status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_works_is_kept_and_the_first_of_all_tried_again_after_a_while() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut failover = Failover::new(3, second * 60);
        assert_eq!(failover.order(start), [0, 1, 2]);
        assert_eq!(failover.worked(1, start, true), Some(0));
        assert_eq!(failover.order(start + second * 59), [1, 2, 0]);
        assert_eq!(failover.worked(1, start + second * 59, false), None);
        assert_eq!(failover.order(start + second * 60), [0, 1, 2]);
        // It still does not work: another while.
        assert_eq!(failover.worked(1, start + second * 60, true), None);
        assert_eq!(failover.order(start + second * 61), [1, 2, 0]);
        assert_eq!(failover.worked(0, start + second * 120, true), Some(1));
        assert_eq!((failover.order(start + second * 500), failover.current()), (vec![0, 1, 2], 0));
    }
}
