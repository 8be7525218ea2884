//! The stack's own folder: one stack at a time, however its ports are chosen.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rustix::fs::{FlockOperation, flock};

/// A folder that is ours while this lives.
#[derive(Debug)]
pub(super) struct Folder {
    /// From the root, as programs with other working directories need it.
    pub(super) path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes it where it is missing; another stack in it is named.
    pub(super) fn take(folder: &Path) -> anyhow::Result<Self> {
        let shown = folder.display();
        fs::create_dir_all(folder).with_context(|| format!("cannot make {shown}"))?;
        let path = folder.canonicalize().with_context(|| format!("cannot find {shown}"))?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("lock"))
            .with_context(|| format!("cannot write into {shown}"))?;
        // The kernel lets go of it however we end.
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            lock.read_to_string(&mut holder)?;
            bail!("{shown} is in use by another stack (pid {}): stop it, or choose --data", holder.trim());
        }
        lock.set_len(0)?;
        writeln!(lock, "{}", std::process::id())?;
        Ok(Self { path, _lock: lock })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stack_at_a_time_and_the_other_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("var/native");
        let held = Folder::take(&folder).unwrap();
        let error = Folder::take(&folder).unwrap_err().to_string();
        assert!(error.contains(&format!("(pid {})", std::process::id())), "{error}");
        drop(held);
        assert!(Folder::take(&folder).unwrap().path.is_absolute());
    }
}
