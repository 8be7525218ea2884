//! Time, which is an argument here.

use std::time::{Instant, SystemTime};

/// A moment on both clocks: the wall's for what is shown, the steady one for lifetimes.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For `push_time_seconds`.
    pub wall: SystemTime,
    /// For expiry: nobody sets this clock.
    pub steady: Instant,
}

impl Moment {
    /// This one.
    pub fn now() -> Self {
        Self { wall: SystemTime::now(), steady: Instant::now() }
    }

    /// What the wall's clock shows at another moment.
    pub(crate) fn wall_at(self, steady: Instant) -> SystemTime {
        match steady.checked_duration_since(self.steady) {
            Some(ahead) => self.wall + ahead,
            None => self.wall - self.steady.duration_since(steady),
        }
    }

    /// The moment at which the wall's clock shows this; now, where the steady one does not go so far.
    pub(crate) fn steady_at(self, wall: SystemTime) -> Instant {
        let moment = match wall.duration_since(self.wall) {
            Ok(ahead) => self.steady.checked_add(ahead),
            Err(behind) => self.steady.checked_sub(behind.duration()),
        };
        moment.unwrap_or(self.steady)
    }
}
