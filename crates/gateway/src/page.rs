//! What the gateway shows: `/metrics` from the stored text, and a page for people.

mod api;
pub mod html;
mod metrics;
mod models;
mod zeros;

use std::time::{SystemTime, UNIX_EPOCH};

pub use api::groups as api;
pub use metrics::{Metrics, metrics};
pub use models::{openmetrics, protobuf};

/// Unix seconds; 0 for what was before.
pub(crate) fn unix(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
