//! How large, how old, and how safe a spool is to be.

use std::path::PathBuf;
use std::time::Duration;

/// The least bytes that a spool on disk may be given.
pub const MIN_BYTES: u64 = 1 << 20;

/// When written records are forced onto the disk.
///
/// Without, the kernel does it within about half a minute. A process that is killed loses nothing either
/// way; this is about power cuts and crashes of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncPolicy {
    /// Before [`super::Spool::append`] returns.
    Always,
    /// At the first append or [`super::Spool::tend`] after so long.
    Interval(Duration),
    /// Whenever the kernel likes.
    Never,
}

/// The bounds of a spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolSettings {
    /// Where segments are kept, made if need be; in memory alone if there is none.
    pub dir: Option<PathBuf>,
    /// Bytes that the directory takes at most, blocks rounded up and everything in it counted: what `du` says.
    /// Without a directory, bytes of memory. At least [`MIN_BYTES`] with one.
    pub max_bytes: u64,
    /// Bytes of memory that records may take while the disk cannot be written to.
    pub memory_bytes: u64,
    /// Records older than this are dropped.
    pub max_age: Duration,
    /// When records are forced onto the disk.
    pub sync: SyncPolicy,
}

impl Default for SpoolSettings {
    /// 64 MiB and two hours; in memory; 4 MiB of it while a disk cannot be written to.
    fn default() -> Self {
        Self {
            dir: None,
            max_bytes: 64 << 20,
            memory_bytes: 4 << 20,
            max_age: Duration::from_hours(2),
            sync: SyncPolicy::Interval(Duration::from_secs(1)),
        }
    }
}

impl SpoolSettings {
    /// Bytes at which a segment is finished: an eighth of the whole, since the oldest is dropped as a whole.
    pub(super) fn segment_bytes(&self) -> u64 {
        (self.max_bytes / 8).clamp(64 << 10, 16 << 20)
    }

    /// Bytes of records in memory that are not worth packing: those of a few requests.
    pub(super) fn loose_bytes(&self) -> u64 {
        (self.max_bytes / 8).min(2 << 20)
    }

    /// Bytes of the largest record that is taken.
    pub(super) fn record_bytes(&self) -> u64 {
        (self.max_bytes / 4).min(64 << 20)
    }
}
