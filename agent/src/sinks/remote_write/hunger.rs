//! Whether a shard's sender is to be woken for what was spooled: each time would cost more than a request does.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// What was spooled for a shard since its sender looked, and how much it waits for.
///
/// Both sides first say what they have done and then look at the other: one of them sees that there is enough.
#[derive(Debug)]
pub(super) struct Hunger {
    came: AtomicUsize,
    /// When the first of them did, in milliseconds since 1970.
    since_ms: AtomicI64,
    wants: AtomicUsize,
}

impl Default for Hunger {
    fn default() -> Self {
        Self { came: AtomicUsize::new(0), since_ms: AtomicI64::new(0), wants: AtomicUsize::new(1) }
    }
}

impl Hunger {
    /// So many samples were spooled at this time; whether that is enough.
    pub(super) fn fed(&self, samples: usize, now_ms: i64) -> bool {
        if self.came.load(Ordering::SeqCst) == 0 {
            self.since_ms.store(now_ms, Ordering::SeqCst);
        }
        let came = self.came.fetch_add(samples, Ordering::SeqCst).saturating_add(samples);
        came >= self.wants.load(Ordering::SeqCst)
    }

    /// The sender looks at what there is.
    pub(super) fn looks(&self) {
        self.came.store(0, Ordering::SeqCst);
    }

    /// The sender waits for so many samples more than it has seen; whether they are there.
    pub(super) fn waits(&self, samples: usize) -> bool {
        self.wants.store(samples.max(1), Ordering::SeqCst);
        self.came.load(Ordering::SeqCst) >= samples.max(1)
    }

    /// When the first of what came since the sender looked did, in milliseconds since 1970.
    pub(super) fn since_ms(&self) -> Option<i64> {
        (self.came.load(Ordering::SeqCst) > 0).then(|| self.since_ms.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_woken_when_there_is_enough_and_not_before() {
        let hunger = Hunger::default();
        assert!(hunger.fed(1, 5), "whoever has not looked yet");
        assert!(hunger.waits(1) && hunger.since_ms() == Some(5));
        assert!(!hunger.waits(10) && !hunger.fed(8, 7) && hunger.fed(1, 9) && hunger.fed(1, 9));
        assert_eq!(hunger.since_ms(), Some(5));
        hunger.looks();
        assert!(!hunger.waits(10) && hunger.since_ms().is_none());
        assert!(!hunger.fed(9, 11) && !hunger.waits(10) && hunger.waits(9));
        assert_eq!(hunger.since_ms(), Some(11));
    }
}
