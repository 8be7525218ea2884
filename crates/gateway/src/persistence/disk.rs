//! The few things that are asked of a disk, so that tests can put one in its place that loses power.

use std::any::Any;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, FlockOperation, OFlags, fallocate, flock};
use rustix::io::Errno;

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
    /// Whether there is a file of this name.
    fn has(&self, _path: &Path) -> bool {
        true
    }
    /// Whether another process is writing this file.
    fn is_written(&self, _path: &Path) -> bool {
        false
    }
    /// Keeps so many bytes of room in a file of this name, as far as there is room.
    fn reserve(&self, _path: &Path, _bytes: u64) {}
    /// Keeps all others from these files until what is returned is dropped.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send>>;
}

/// A file that is being written.
pub trait Writing: Debug + Send {
    /// Appends all of this.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes what was appended outlive a loss of power.
    fn sync(&mut self) -> io::Result<()>;
    /// Takes back what is behind so many bytes: a write that failed may have taken the last room.
    fn cut(&mut self, _bytes: u64) -> io::Result<()> {
        Ok(())
    }
    /// An error where it is not what its name stands for any more: nobody would find what is written to it.
    fn check(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The machine's own.
#[derive(Debug, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        match regular(OpenOptions::new().read(true), path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => Ok(Some(bytes)),
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
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        // Beside the lock of all files, which somebody may remove. Not every disk has such.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Box::new(Named { file, path: path.to_owned() }))
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

    fn has(&self, path: &Path) -> bool {
        path.exists()
    }

    fn is_written(&self, path: &Path) -> bool {
        let Ok(file) = regular(OpenOptions::new().read(true), path) else { return false };
        flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK)
    }

    fn reserve(&self, path: &Path, bytes: u64) {
        let file = regular(OpenOptions::new().write(true).create(true).truncate(false).mode(0o600), path);
        let Ok(file) = file else { return };
        let kept = file.metadata().is_ok_and(|about| about.len() >= bytes);
        if !kept && fallocate(&file, FallocateFlags::empty(), 0, bytes).is_err() {
            // A part of it is none: what there is left is for what is kept.
            let _ = fs::remove_file(path);
        }
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send>> {
        let create = regular(OpenOptions::new().write(true).create(true).truncate(false).mode(0o600), path);
        let file = match create {
            // A lock needs no right to write; on a disk that became read-only it is still there.
            Err(_) if path.exists() => regular(OpenOptions::new().read(true), path)?,
            opened => opened?,
        };
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Box::new(file))
    }
}

/// Opens a file, and nothing else: a pipe would be waited for, and a device has no end.
fn regular(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "expected a file, got a folder, a pipe or a device"))
}

/// A file with the name that it was given.
#[derive(Debug)]
struct Named {
    file: File,
    path: PathBuf,
}

impl Writing for Named {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    fn check(&self) -> io::Result<()> {
        let (ours, there) = (self.file.metadata()?, fs::metadata(&self.path)?);
        if (ours.dev(), ours.ino()) == (there.dev(), there.ino()) {
            return Ok(());
        }
        Err(io::Error::new(ErrorKind::NotFound, "another file has its name"))
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
