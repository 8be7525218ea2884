//! What the service crate promises, one module a promise.
#![allow(clippy::unwrap_used, reason = "a failed test helper is a failed test")]

mod bodies;
mod servers;
mod settings;
mod webs;
