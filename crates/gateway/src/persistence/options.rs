//! Where groups are kept, and how safe a push is when it is answered.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::disk;

use clap::ValueEnum;

/// When what was pushed must outlive a loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Fsync {
    /// Before the push is answered; pushes that come together share one fsync.
    #[default]
    Always,
    /// After --persistence.interval at the latest; a crash of the gateway alone costs 10 ms.
    Interval,
    /// When the system sees fit; a crash of the gateway alone costs 10 ms.
    Never,
}

/// How groups are kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// The snapshot; logs have names that begin with its own.
    pub path: PathBuf,
    /// When to force what was written onto the disk.
    pub fsync: Fsync,
    /// The time between two fsyncs with [`Fsync::Interval`].
    pub interval: Duration,
    /// A snapshot is taken when the logs have more bytes than this, and than twice the last snapshot.
    pub snapshot_at: u64,
    /// Bytes that may wait for the disk; pushes wait while there are more.
    pub most_queued: usize,
    /// How long a push waits for the disk.
    pub patience: Duration,
}

impl Options {
    /// With the usual bounds.
    pub fn new(path: PathBuf, fsync: Fsync, interval: Duration) -> Self {
        let (snapshot_at, most_queued, patience) = (16 << 20, 64 << 20, Duration::from_secs(10));
        Self { path, fsync, interval, snapshot_at, most_queued, patience }
    }
}

/// Whether a path names a file in a folder that is there.
pub fn check_path(path: &Path) -> Result<(), String> {
    let folder = disk::folder(path);
    if path.file_name().is_none() || !folder.is_dir() {
        return Err(format!(
            "expected the path of a file in a folder that is there, got `{}`",
            path.display()
        ));
    }
    Ok(())
}
