//! What the gateway shows: `/metrics` from the stored text, and a page for people.

mod api;
pub mod html;
mod metrics;
mod models;

pub use api::groups as api;
pub use metrics::metrics;
pub use models::Snapshot;
