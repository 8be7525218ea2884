//! One family of one group, as those formats take it that say more than text.

use std::time::Instant;

use bytes::Bytes;
use exposition::Kind;

use super::{Held, Shown, Stamps};

/// A family of one group.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its help text, empty if none.
    pub help: &'a str,
    /// Its type.
    pub kind: Kind,
    /// Its sample lines.
    pub lines: &'a [u8],
    /// What text cannot say, where there is such: [`crate::families::Extra::metrics`].
    pub beyond: Option<&'a Bytes>,
    /// The lines in their place, while new counters read 0.
    pub zeros: Option<&'a [u8]>,
    /// When it was pushed.
    pub stamps: Stamps,
}

impl<'a> Content<'a> {
    /// As it was pushed.
    pub fn pushed(family: Shown<'a>, held: &'a Held) -> Self {
        Self {
            name: family.name(),
            help: held.help(),
            kind: family.kind,
            lines: held.lines(),
            beyond: held.beyond(),
            zeros: None,
            stamps: held.stamps,
        }
    }

    /// As a scrape at some time shows it.
    pub fn at(family: Shown<'a>, held: &'a Held, now: Instant) -> Self {
        Self { zeros: held.zeros_at(now), ..Self::pushed(family, held) }
    }
}
