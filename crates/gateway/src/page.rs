//! What the gateway shows: `/metrics` from the stored text, and a page for people.

pub mod html;
mod metrics;

pub use metrics::metrics;
