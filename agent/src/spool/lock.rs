//! One directory is one agent's: two would write over each other.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::FlockOperation;

/// Holds a directory as long as it lives; the kernel lets go when the process ends, however it ends.
///
/// It is the directory itself that is locked: that needs no file, and so no room on a full disk.
#[derive(Debug)]
pub(super) struct Lock {
    dir: File,
}

impl Lock {
    /// Takes the directory, which must be there; `None` where another process has it.
    pub(super) fn take(dir: &Path) -> io::Result<Option<Self>> {
        let dir = File::open(dir)?;
        match rustix::fs::flock(&dir, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { dir })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes names of new files last over a power cut.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.dir.sync_all()
    }
}
