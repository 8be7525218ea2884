//! What is kept of one series between two readings: 32 bytes, beside its labels.

use exposition::remote_write::LabelsRef;

/// A series of a page.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each stands for itself, and there are many entries")]
pub(super) struct Entry {
    /// The time of the newest sample that was sent; [`NEVER`] before the first.
    pub(super) last_ms: i64,
    /// Of its labels.
    pub(super) hash: u64,
    labels_at: u32,
    labels_len: u32,
    pub(super) skip: Skip,
    /// The names of its labels are of the classic alphabet.
    pub(super) classic: bool,
    /// Its samples have timestamps of their own.
    pub(super) stamped: bool,
    /// It began with the process: samples say so.
    pub(super) started: bool,
    /// Its page said twice in a row when it began, and the same.
    pub(super) steady: bool,
    /// Found on the page that is being read.
    pub(super) seen: bool,
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
}

impl Entry {
    /// A series whose samples are not sent.
    pub(super) fn skipped(skip: Skip) -> Self {
        Self {
            last_ms: NEVER,
            hash: 0,
            labels_at: 0,
            labels_len: 0,
            skip,
            classic: true,
            stamped: false,
            started: false,
            steady: false,
            seen: false,
        }
    }

    /// A series with these labels, which are put at the end of `arena`.
    pub(super) fn new(labels: LabelsRef<'_>, hash: u64, arena: &mut Vec<u8>) -> Self {
        let places = (u32::try_from(arena.len()), u32::try_from(arena.len() + labels.bytes.len()));
        let (Ok(labels_at), Ok(end)) = places else { return Self::skipped(Skip::TooLarge) };
        arena.extend_from_slice(labels.bytes);
        let labels_len = end - labels_at;
        Self { hash, labels_at, labels_len, classic: labels.classic, ..Self::skipped(Skip::Sent) }
    }

    pub(super) fn labels<'a>(&self, arena: &'a [u8]) -> LabelsRef<'a> {
        let start = self.labels_at as usize;
        let bytes = arena.get(start..start + self.labels_len as usize).unwrap_or_default();
        LabelsRef { bytes, classic: self.classic }
    }

    /// The same with its labels at the end of another arena.
    pub(super) fn moved(&self, from: &[u8], to: &mut Vec<u8>) -> Self {
        let labels = self.labels(from);
        let Self { labels_at, labels_len, .. } = Self::new(labels, self.hash, to);
        Self { labels_at, labels_len, ..*self }
    }

    /// When a marker ends it: no earlier than after its last sample, whatever the clock says. None for a
    /// series that was never sent, and for one with timestamps of its own, which is only as old as they say.
    pub(super) fn ends(&self, at: i64) -> Option<i64> {
        let is_told = self.skip == Skip::Sent && self.last_ms != NEVER && !self.stamped;
        is_told.then(|| at.max(self.last_ms.saturating_add(1)))
    }
}
