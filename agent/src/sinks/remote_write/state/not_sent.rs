//! Samples that are not sent, by reason.

use super::entry::Skip;

/// How many samples were not sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotSent {
    /// Older than one of their series that was sent, as the clock went back or a page says so.
    pub out_of_order: u64,
    /// Of series whose labels another line of the same reading has.
    pub duplicate: u64,
    /// Of series whose labels no receiver would take.
    pub labels: u64,
    /// Of series that are too long to be sent.
    pub too_large: u64,
}

impl NotSent {
    /// The same as label values of a metric.
    pub fn by_reason(&self) -> [(&'static str, u64); 4] {
        [
            ("out_of_order", self.out_of_order),
            ("duplicate", self.duplicate),
            ("labels", self.labels),
            ("too_large", self.too_large),
        ]
    }

    pub(super) fn count(&mut self, skip: Skip) {
        match skip {
            Skip::Labels => self.labels += 1,
            Skip::Duplicate => self.duplicate += 1,
            Skip::TooLarge => self.too_large += 1,
            // The settings want it so, or there is nothing to be told.
            Skip::Dropped | Skip::Sent | Skip::Taken => {}
        }
    }
}
