//! What is said of the files and the disk.

use std::path::PathBuf;
use std::time::SystemTime;

/// How it is going.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The snapshot.
    pub path: PathBuf,
    /// Why nothing is being logged.
    pub log_problem: Option<String>,
    /// Why there is no new snapshot.
    pub snapshot_problem: Option<String>,
    /// Whether there are changes that neither log nor snapshot has.
    pub missed: bool,
    /// The last write that the disk confirmed.
    pub last_success: Option<SystemTime>,
    /// Bytes of the logs since the last snapshot.
    pub log_bytes: u64,
    /// Bytes of that.
    pub snapshot_bytes: u64,
    /// Bytes that wait for the disk.
    pub queued_bytes: u64,
    /// What could not be read at the start, and where it is now.
    pub set_aside: Vec<String>,
}

impl Status {
    /// Why not all groups are kept, if so.
    pub fn problem(&self) -> Option<String> {
        let missed = self.missed.then_some("what was missed is being written");
        let first = self.log_problem.as_deref().or(self.snapshot_problem.as_deref()).or(missed);
        first.map(ToOwned::to_owned)
    }
}
