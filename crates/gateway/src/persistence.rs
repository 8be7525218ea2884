//! Groups that outlive a restart: a snapshot at a path, and beside it a log of what changed since.
//!
//! - [`disk`]: what is asked of a disk; `files`, `frame`, `record`: names, checksums, contents
//! - `recover`, `model`, `aside`: what is read at the start, and what becomes of a broken file
//! - `writer/room`: a disk that the log itself has filled
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
mod journal;
mod model;
mod options;
mod queue;
mod record;
mod recover;
mod snapshot;
mod status;
mod writer;

use std::fmt::Debug;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use thiserror::Error;

pub use counters::Counters;
use disk::Disk;
use files::Files;
pub use journal::Journal;
pub use options::{Fsync, Options, check_path};
use queue::Queue;
use recover::Recovered;
pub use status::Status;
use writer::Writer;

use crate::groups::{Groups, Kept, Moment};

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
    /// A gateway that is switched to must not take the other one's file away: it may be needed to go back.
    #[error(
        "--persistence.file: {0} was written by Prometheus' Pushgateway, in a form that only it can read (Go's gob): \
         expected another path; its groups are not taken over, and come with their next pushes"
    )]
    Theirs(PathBuf),
}

impl StartError {
    /// Whether another path would be all right.
    pub fn is_of_settings(&self) -> bool {
        match self {
            Self::Folder(_) | Self::Theirs(_) => true,
            Self::Read { error, .. } => error.kind() == ErrorKind::InvalidInput,
            Self::InUse(_) => false,
        }
    }
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
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            return Err(StartError::Read { path: files.lock(), error });
        }
        // The writer says what is wrong with the disk, and tries again.
        Err(_) => None,
    };
    let found = recover::read(&*disk, &files).map_err(|(path, error)| StartError::Read { path, error })?;
    // A lock that somebody removed keeps nobody away.
    if found.logs.last().is_some_and(|last| disk.is_written(&files.log(*last))) {
        return Err(StartError::InUse(options.path));
    }
    if found.theirs {
        return Err(StartError::Theirs(options.path));
    }
    let status = Status {
        snapshot_bytes: found.snapshot_bytes,
        log_problem: Some("starting".to_owned()),
        ..Status::default()
    };
    let queue = Arc::new(Queue::new(&options, status, counters));
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
        tracing::info!(%path, read, held = groups.len(), "groups were kept");
    }

    /// What takes changes.
    pub fn journal(&self) -> Journal {
        Journal::new(Arc::clone(&self.queue))
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
