//! What is said of the files and the disk.

use std::time::Duration;

/// How it is going.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Why nothing is being logged.
    pub log_problem: Option<String>,
    /// Why there is no new snapshot.
    pub snapshot_problem: Option<String>,
    /// Whether there are changes that neither log nor snapshot has.
    pub missed: bool,
    /// Bytes of the logs since the last snapshot.
    pub log_bytes: u64,
    /// Bytes of that.
    pub snapshot_bytes: u64,
    /// Bytes that wait for the disk, with those that it is at.
    pub queued_bytes: u64,
    /// How long it has been at that.
    pub busy: Duration,
    /// What is said of it where that is too long.
    pub stuck: Option<String>,
}

impl Status {
    /// Why not all groups are kept, if so.
    pub fn problem(&self) -> Option<String> {
        let missed = self.missed.then_some("what was missed is being written");
        let problems = [&self.log_problem, &self.stuck, &self.snapshot_problem];
        let first = problems.into_iter().find_map(Option::as_deref).or(missed);
        first.map(ToOwned::to_owned)
    }
}
