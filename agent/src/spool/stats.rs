//! What a spool says of itself.

/// Why records were dropped before they were delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DropReason {
    /// The spool was full.
    Bytes,
    /// They were older than allowed.
    Age,
    /// The disk could not be written to, and memory was full.
    Disk,
    /// They could not be read back: a checksum was wrong.
    Broken,
}

impl DropReason {
    /// All reasons, in the order of [`SpoolStats::dropped`].
    pub const ALL: [Self; 4] = [Self::Bytes, Self::Age, Self::Disk, Self::Broken];

    /// The value of a label `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Age => "age",
            Self::Disk => "disk",
            Self::Broken => "broken",
        }
    }
}

/// Records and the samples in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Records.
    pub records: u64,
    /// Samples in them, as far as that is known: a broken record no longer says how many it had.
    pub samples: u64,
}

impl Amount {
    /// Adds records and what is known of their samples: each had one at least.
    pub(super) fn add(&mut self, records: u64, samples: u32) {
        self.records = self.records.saturating_add(records);
        self.samples = self.samples.saturating_add(records.max(samples.into()));
    }
}

/// A spool at one moment. Counts begin when it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpoolStats {
    /// Bytes that the directory takes, as `du` counts.
    pub disk_bytes: u64,
    /// Bytes of records in memory.
    pub memory_bytes: u64,
    /// What waits to be delivered.
    pub pending: Amount,
    /// What of it is in memory alone, and ends with the process.
    pub in_memory: Amount,
    /// When the oldest record that waits was appended, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
    /// What was dropped, by [`DropReason::ALL`].
    pub dropped: [Amount; 4],
    /// Segments that were set aside because something in them does not read.
    pub broken_segments: u64,
    /// Half-written ends of segments that were cut off when the spool was opened.
    pub torn_tails: u64,
    /// How often the disk refused something.
    pub disk_errors: u64,
    /// What the disk refuses at the moment.
    pub trouble: Option<String>,
}

impl SpoolStats {
    /// What was dropped for this reason.
    pub fn dropped(&self, reason: DropReason) -> Amount {
        self.dropped[reason as usize]
    }
}
