//! Remote write: every sample of every source, in order, with what Prometheus would know of it.

pub mod state;
