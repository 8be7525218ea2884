//! Groups that outlive a restart: a snapshot at a path, and beside it a log of what changed since.
//!
//! - [`disk`]: what is asked of a disk; `files`, `frame`, `record`: names, checksums, contents
//! - `recover`, `model`, `aside`: what is read at the start, and what becomes of a broken file
//! - `queue`, `writer`, `snapshot`: from a request to the disk
//!
//! Three rules hold at any moment. A push is answered 200 once it is as safe as `--persistence.fsync`
//! asks. What was read at the start is not replaced before all of it is in a new snapshot, and not at
//! all where it could not be understood. What the disk does not take is still served from memory.

mod aside;
mod counters;
pub mod disk;
mod files;
mod frame;
mod model;
mod queue;
mod record;
mod recover;
mod snapshot;
mod writer;

use std::fmt::Debug;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use clap::ValueEnum;
use thiserror::Error;

pub use counters::Counters;
use disk::Disk;
use files::Files;
use queue::Queue;
use recover::Recovered;
use writer::Writer;

use crate::groups::{Change, Groups, Kept, Moment};

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
}

impl Options {
    /// With the usual bound for logs.
    pub fn new(path: PathBuf, fsync: Fsync, interval: Duration) -> Self {
        Self { path, fsync, interval, snapshot_at: 16 << 20 }
    }
}

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

/// Why the gateway must not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Replacing what cannot be read would lose it.
    #[error("--persistence.file: cannot read {path}: {error}")]
    Read {
        /// The file or its folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It must be a file.
    #[error("--persistence.file: {0} is a folder, expected the path of a file in it")]
    Folder(PathBuf),
    /// Two gateways would overwrite each other's groups.
    #[error("--persistence.file: {0} is in use by another gateway")]
    InUse(PathBuf),
}

/// Where a snapshot takes the groups from.
pub trait Source: Debug + Send + Sync {
    /// Up to `most` groups behind this one, in order, and where to go on.
    fn part(&self, after: u64, most: usize) -> (Vec<Kept>, Option<u64>);
}

/// What was read and may be written to, before there is anybody to take groups from.
#[derive(Debug)]
pub struct Opened {
    options: Options,
    disk: Arc<dyn Disk>,
    files: Files,
    lock: Option<Box<dyn std::any::Any + Send>>,
    found: Recovered,
    queue: Arc<Queue>,
}

/// Reads what is there. Nothing is written yet.
pub fn open(options: Options, disk: Arc<dyn Disk>, counters: Counters) -> Result<Opened, StartError> {
    let files = Files::new(&options.path);
    if options.path.is_dir() {
        return Err(StartError::Folder(options.path));
    }
    let lock = match disk.lock(&files.lock()) {
        Ok(lock) => Some(lock),
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(StartError::InUse(options.path)),
        // The writer says what is wrong with the disk, and tries again.
        Err(_) => None,
    };
    let found = recover::read(&*disk, &files).map_err(|(path, error)| StartError::Read { path, error })?;
    let status = Status {
        path: options.path.clone(),
        snapshot_bytes: found.snapshot_bytes,
        log_problem: Some("starting".to_owned()),
        ..Status::default()
    };
    let queue = Arc::new(Queue::new(options.fsync, status, counters));
    Ok(Opened { options, disk, files, lock, found, queue })
}

impl Opened {
    /// Puts what was read into the groups, and has them note what changes from now on.
    pub fn restore(&mut self, groups: &mut Groups, now: Moment) {
        let (read, path) = (self.found.groups.len(), self.options.path.display());
        for kept in std::mem::take(&mut self.found.groups) {
            for left_out in groups.restore(kept, now) {
                tracing::error!("not taken from {path}: {left_out}");
            }
        }
        groups.note_changes();
        tracing::info!(%path, read, held = groups.iter().len(), "groups were kept");
    }

    /// What takes changes.
    pub fn journal(&self) -> Journal {
        Journal(Arc::clone(&self.queue))
    }

    /// Begins to write, and returns once the disk is ready or has said why it is not.
    pub fn start(self, source: Arc<dyn Source>) -> std::io::Result<Persistence> {
        let Self { options, disk, files, lock, found, queue } = self;
        let mut writer = Writer::new(Arc::clone(&queue), disk, files, source, options, lock, &found);
        writer.begin();
        let thread = std::thread::Builder::new().name("persistence".to_owned()).spawn(|| writer.run())?;
        Ok(Persistence { queue, thread: Some(thread) })
    }
}

/// Takes what changes.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Queue>);

impl Journal {
    /// Takes what was noted; the groups are as they are right after it. To be called while they are locked,
    /// so that the log has the order of the changes.
    pub fn take(&self, groups: &mut Groups) {
        let changes = groups.changes();
        if changes.is_empty() {
            return;
        }
        let now = Moment::now();
        let records = changes.into_iter().filter_map(|change| match change {
            Change::Touched(key, names) => {
                let kept = groups.keep(&key, names.as_deref(), now)?;
                Some(record::Record::Group { kept, whole: names.is_none() })
            }
            Change::Deleted(key) => Some(record::Record::Deleted(key)),
            Change::Wiped => Some(record::Record::Wiped),
        });
        self.0.append(records);
    }

    /// Waits, for ten seconds at the most, while too much is waiting for the disk.
    pub async fn room(&self) {
        self.0.room().await;
    }

    /// Waits until all that was taken so far is as safe as was asked for; else says why it is not.
    pub async fn durable(&self) -> Result<(), String> {
        self.0.durable().await
    }

    /// How it is going.
    pub fn status(&self) -> Status {
        self.0.status()
    }

    /// Brings the gateway's own metrics up to date.
    pub fn show(&self) {
        self.0.counters.show(&self.status());
    }
}

/// The thread that writes.
#[derive(Debug)]
pub struct Persistence {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Persistence {
    /// Writes what waits and a last snapshot. Blocks until that is done.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.queue.stop();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that keeps groups has panicked");
        }
    }
}

impl Drop for Persistence {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether a path names a file in a folder that is there.
pub fn check_path(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.file_name().is_none() || !folder.is_dir() {
        return Err(format!(
            "expected the path of a file in a folder that is there, got `{}`",
            path.display()
        ));
    }
    Ok(())
}
