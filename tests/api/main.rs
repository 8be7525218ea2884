//! What the API promises, one module a promise.
#![allow(clippy::unwrap_used, reason = "a failed test helper is a failed test")]

mod article;
mod formats;
mod instances;
mod limits;
mod process;
mod requests;
mod truth;
