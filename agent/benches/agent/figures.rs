//! What is waited for, and what becomes of raw figures.

use std::time::{Duration, Instant};

/// Waits until that is so; panics after two minutes.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(2);
    while !done() {
        assert!(Instant::now() < end, "{what} did not come within two minutes");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

pub(crate) fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
