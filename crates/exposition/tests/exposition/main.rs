//! What the exposition crate promises, one module a promise.

mod bounds;
mod families;
mod fuzzed;
mod grammar;
mod grouping;
mod invariants;
mod openmetrics;
mod rewriting;
