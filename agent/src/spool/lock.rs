//! One directory is one agent's: two would write over each other.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::FlockOperation;

/// A child of ours holds what we let go of until it is another program: some milliseconds.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

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
        for _ in 0..TRIES {
            match rustix::fs::flock(&dir, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Some(Self { dir })),
                Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Whether this is still the directory that is held.
    pub(super) fn is_of(&self, dir: &Path) -> bool {
        let place = |file: std::fs::Metadata| (file.dev(), file.ino());
        match (std::fs::metadata(dir).map(place), self.dir.metadata().map(place)) {
            (Ok(there), Ok(held)) => there == held,
            (Err(error), _) => error.kind() != io::ErrorKind::NotFound,
            // Where it cannot be asked, it is not for us to say that it is gone.
            _ => true,
        }
    }

    /// Makes names of new files last over a power cut.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.dir.sync_all()
    }
}
