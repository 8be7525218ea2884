//! Instruments that a registry knows, and what is often done to them.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::core::Collector;
use prometheus::{Error, IntCounter, Registry};

/// The instrument once the registry knows it; the error where it could not be made, or where its name is taken.
pub fn registered<T: Collector + Clone + 'static>(
    registry: &Registry,
    made: Result<T, Error>,
) -> Result<T, Error> {
    let instrument = made?;
    registry.register(Box::new(instrument.clone()))?;
    Ok(instrument)
}

/// Raises a counter to what was counted elsewhere; it never falls.
pub fn raise(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

/// The time now as a gauge of times shows it, in Unix seconds.
pub fn now_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
