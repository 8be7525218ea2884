//! What is kept of one series between two readings: 24 bytes, beside its labels.

use exposition::remote_write::{Arena, Cursor, LabelsRef};

/// A series of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// The time of the newest sample that was sent; [`NEVER`] before the first.
    pub(super) last_ms: i64,
    /// Of its labels.
    pub(super) hash: u64,
    /// Of its labels in the arena.
    pub(super) number: u32,
    pub(super) skip: Skip,
    /// What was said of its beginning.
    pub(super) beginning: Beginning,
    traits: u8,
}

/// What else is so of a series.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(super) enum Trait {
    /// The names of its labels are of the classic alphabet.
    Classic = 1,
    /// Its samples have timestamps of their own.
    Stamped = 2,
    /// It counts from a beginning on.
    Counts = 4,
}

/// What was said of the beginning of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// Nothing that matters.
    None,
    /// It began with the process: samples say so.
    Process,
    /// Its page said twice in a row when it began, and the same.
    Steady,
}

pub(super) const NEVER: i64 = i64::MIN;

/// Whether samples of it are sent, or why they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skip {
    Sent,
    /// The settings drop it.
    Dropped,
    /// Its labels may not be sent.
    Labels,
    /// Its labels are those of another line.
    Duplicate,
    /// There is no room for its labels.
    TooLarge,
    /// Nothing any more: it was found on the page that is being read, and goes on there.
    Taken,
}

impl Entry {
    /// A series whose samples are not sent.
    pub(super) fn skipped(skip: Skip) -> Self {
        Self {
            last_ms: NEVER,
            hash: 0,
            number: 0,
            skip,
            beginning: Beginning::None,
            traits: Trait::Classic as u8,
        }
    }

    #[inline]
    pub(super) fn is(&self, it: Trait) -> bool {
        self.traits & it as u8 != 0
    }

    #[inline]
    pub(super) fn set(&mut self, it: Trait, to: bool) {
        self.traits = self.traits & !(it as u8) | if to { it as u8 } else { 0 };
    }

    /// A series with these labels, which are put into the arena.
    pub(super) fn new(labels: LabelsRef<'_>, hash: u64, arena: &mut Arena) -> Self {
        let Some(number) = arena.add(labels.bytes) else { return Self::skipped(Skip::TooLarge) };
        let mut entry = Self { hash, number, ..Self::skipped(Skip::Sent) };
        entry.set(Trait::Classic, labels.classic);
        entry
    }

    /// Its labels; none of a series whose samples are not sent.
    #[inline]
    pub(super) fn labels<'c>(&self, arena: &Arena, cursor: &'c mut Cursor) -> LabelsRef<'c> {
        let bytes =
            if matches!(self.skip, Skip::Sent | Skip::Taken) { arena.read(self.number, cursor) } else { &[] };
        LabelsRef { bytes, classic: self.is(Trait::Classic) }
    }

    /// The same with its labels in another arena.
    pub(super) fn moved(&self, labels: LabelsRef<'_>, to: &mut Arena) -> Self {
        if self.skip != Skip::Sent {
            return *self;
        }
        Self { number: Self::new(labels, self.hash, to).number, ..*self }
    }

    /// When a marker ends it: no earlier than after its last sample, whatever the clock says. None for a
    /// series that was never sent, and for one with timestamps of its own, which is only as old as they say.
    pub(super) fn ends(&self, at: i64) -> Option<i64> {
        let is_told = self.skip == Skip::Sent && self.last_ms != NEVER && !self.is(Trait::Stamped);
        is_told.then(|| at.max(self.last_ms.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_entry_is_small() {
        assert_eq!(size_of::<super::Entry>(), 24);
    }
}
