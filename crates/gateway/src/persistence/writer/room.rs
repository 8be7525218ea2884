//! A disk that the log itself has filled.
//!
//! Nothing can be begun on it, also once most of what the log says is void. A reserve is kept for that: its
//! room is given to a snapshot, which makes all logs superfluous, and nothing else ever gets it.

use std::io;

use super::Writer;
use crate::persistence::{aside, snapshot};

/// Bytes that are kept.
const RESERVE: u64 = 256 << 10;

impl Writer {
    /// Keeps room, where there is any.
    pub(super) fn keep_room(&self) {
        self.disk.reserve(&self.files.reserve(), RESERVE);
    }

    /// Gives it back: to a snapshot, or at the end.
    pub(super) fn free_room(&self) {
        if let Err(error) = self.disk.remove(&self.files.reserve()) {
            tracing::warn!(%error, reserve = %self.files.reserve().display(), "cannot be removed");
        }
    }

    /// Writes a snapshot without a log beside it, in place of all logs. Nothing is being taken meanwhile that
    /// is said to be kept; another snapshot has what changes.
    pub(super) fn make_room(&mut self) -> io::Result<()> {
        aside::all(&*self.disk, &self.files, &mut self.faults)?;
        self.free_room();
        let written = snapshot::write(&*self.disk, &self.files, self.next, &*self.source, || Ok(()));
        if let Ok(written) = written {
            self.full = false;
            self.snapshot_taken(written);
        }
        self.keep_room();
        written.map(drop)
    }
}
