//! What the exposition crate promises, one module a promise.
#![allow(clippy::unwrap_used, reason = "a failed test helper is a failed test")]

mod bounds;
mod changing;
mod families;
mod fuzzed;
mod grammar;
mod grouping;
mod invariants;
mod judges;
mod openmetrics;
mod peers;
mod protobuf;
mod remote_write;
mod rewriting;
