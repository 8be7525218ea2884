//! What the gateway shows: `/metrics` from the stored text, and a page for people.

mod html;
mod metrics;

pub use html::html;
pub use metrics::{Metrics, metrics};
