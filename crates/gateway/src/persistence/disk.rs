//! The few things that are asked of a disk, so that tests can put one in its place that loses power.

use std::any::Any;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// Where the groups are kept. Every name has the same folder.
pub trait Disk: Debug + Send + Sync {
    /// A whole file; none where there is no such file.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// The files whose names begin with that of `path`.
    fn beside(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
    /// A new empty file; one of that name must not be there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Writing>>;
    /// Gives a file another name, in whose place another may be.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, so that whoever replaces the first one loses nothing. Where that
    /// cannot be, the file is renamed.
    fn second_name(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Ends a file; one that is not there is no error.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes names of the folder of `path` outlive a loss of power.
    fn sync_names(&self, path: &Path) -> io::Result<()>;
    /// Keeps all others from these files until what is returned is dropped.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send>>;
}

/// A file that is being written.
pub trait Writing: Debug + Send {
    /// Appends all of this.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes what was appended outlive a loss of power.
    fn sync(&mut self) -> io::Result<()>;
}

/// The machine's own.
#[derive(Debug, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn beside(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let start = path.file_name().unwrap_or_default().as_encoded_bytes();
        let mut found = Vec::new();
        for entry in fs::read_dir(folder(path))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if name.as_encoded_bytes().starts_with(start) {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Writing>> {
        // As the real one's file: what was pushed is not for every user of the machine.
        Ok(Box::new(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn second_name(&self, from: &Path, to: &Path) -> io::Result<()> {
        match fs::hard_link(from, to) {
            Err(error)
                if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied)
                    && !to.exists() =>
            {
                fs::rename(from, to)
            }
            linked => linked,
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn sync_names(&self, path: &Path) -> io::Result<()> {
        File::open(folder(path))?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send>> {
        let file = match OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path) {
            // A lock needs no right to write; on a disk that became read-only it is still there.
            Err(_) if path.exists() => File::open(path)?,
            opened => opened?,
        };
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Box::new(file))
    }
}

impl Writing for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The word for an error in `pushpull_gateway_persistence_errors_total{reason}`.
pub(super) fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => "full",
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => "read_only",
        ErrorKind::NotFound => "missing",
        ErrorKind::WouldBlock => "locked",
        _ => "io",
    }
}
