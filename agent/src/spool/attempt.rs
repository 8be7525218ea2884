//! Whether a directory can be a spool: the steps of opening that may fail, and nothing is left of them.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::OpenError;
use super::lock::Lock;

/// Folders that were made for the attempt, the last one first.
struct Made(Vec<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        // A check by root must not leave a folder that the agent's user may not write to.
        self.0.iter().for_each(|made| drop(fs::remove_dir(made)));
    }
}

/// Makes the directory if need be, takes it, and lists it, as [`super::Spool::open`] does; blocks on the disk.
///
/// # Errors
///
/// Where opening would fail for the directory's sake, and where another process has it.
pub fn attempt(dir: &Path) -> Result<(), OpenError> {
    let failed = |error: io::Error| OpenError::Dir { dir: dir.to_owned(), error };
    let missing: Vec<PathBuf> =
        dir.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
    let _made = Made(missing);
    if !dir.is_dir() {
        fs::create_dir_all(dir).map_err(failed)?;
    }
    let lock = Lock::take(dir).map_err(failed)?;
    fs::read_dir(dir).map_err(failed)?;
    lock.map(drop).ok_or_else(|| OpenError::InUse { dir: dir.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_an_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("a/b");
        attempt(&dir).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::create_dir_all(&dir).unwrap();
        attempt(&dir).unwrap();
        let held = Lock::take(&dir).unwrap();
        assert!(matches!(attempt(&dir), Err(OpenError::InUse { .. })), "{held:?}");
    }

    #[test]
    fn what_cannot_be_opened_cannot_be_tried() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for dir in [file.clone(), file.join("below"), PathBuf::from("/proc/x")] {
            assert!(matches!(attempt(&dir), Err(OpenError::Dir { .. })), "{}", dir.display());
        }
    }
}
