//! What is the same for all samples of one reading.

use super::labels::Labeller;
use super::origin::{CounterOrigin, Start};
use super::told::Told;
use super::{NotSent, Shards};

/// What all samples of one reading have in common.
pub(super) struct Pass<'a> {
    /// When it was, in milliseconds since 1970.
    pub(super) at: i64,
    pub(super) start: Start,
    /// The look before: what is new began after it.
    pub(super) floor: i64,
    pub(super) origin: CounterOrigin,
    pub(super) labeller: &'a Labeller,
    pub(super) told: &'a mut Told,
    pub(super) not_sent: &'a mut NotSent,
    pub(super) out: &'a mut Shards,
}
