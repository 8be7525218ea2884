//! What a sender of remote write has to do, as cases against the agent: one test a rule, named after it, with its
//! section of the specification in its comment.
//!
//! The rules are those of the specifications 1.0 and 2.0-rc.4 and of the public compliance list of the
//! Prometheus project (`remotewrite/sender`); its cases were read, its code was not used. Where that list lets
//! a case pass with one request of any kind, these want what the specification says.
//!
//! What holds for every request is judged by the strict receiver, see [`super::strict`]; each case ends with
//! [`Strict::clean`](super::strict::Strict::clean), so each is also a case of headers, symbols, labels and order.
//! Many cases look at one run of one agent: a run takes seconds, a look nothing.

mod backoff;
mod batching;
mod ending;
mod fallback;
mod families;
mod headers;
mod labels;
mod network;
mod pages;
mod response;
mod retry;
mod run;
pub(crate) mod site;
mod staleness;
mod stopping;
mod symbols;
mod timestamps;
mod values;
