//! The names of the files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `PATH` is the snapshot; all others have names that begin with it.
#[derive(Debug, Clone)]
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// All groups as of some moment.
    pub(super) fn snapshot(&self) -> &Path {
        &self.0
    }

    /// A snapshot that is not finished.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.with(".new")
    }

    /// Room for a snapshot where all other is taken.
    pub(super) fn reserve(&self) -> PathBuf {
        self.with(".reserve")
    }

    /// What keeps a second gateway from these files.
    pub(super) fn lock(&self) -> PathBuf {
        self.with(".lock")
    }

    /// What changed since the snapshot of this number.
    pub(super) fn log(&self, number: u64) -> PathBuf {
        self.with(&format!(".log-{number}"))
    }

    /// The number of a log.
    pub(super) fn log_number(&self, path: &Path) -> Option<u64> {
        let name = path.file_name()?.to_str()?;
        let digits = name.strip_prefix(self.0.file_name()?.to_str()?)?.strip_prefix(".log-")?;
        // No gateway lives to see such a number; one that was put there must leave numbers behind it.
        digits.parse().ok().filter(|number| *number < u64::MAX / 2)
    }

    fn with(&self, end: &str) -> PathBuf {
        with(&self.0, end)
    }
}

/// A path with this at its end.
pub(super) fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}
