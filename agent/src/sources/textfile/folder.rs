//! Which files are read: one that is named, or all `*.prom` of a directory.

use std::path::{Path, PathBuf};

use exposition::Limits;

use crate::sources::file::{self, Read, Unread};

/// Each file is a series of its modification time, so there must not be any number of them.
const MOST: usize = 1_000;

/// What was found.
#[derive(Debug)]
pub(super) struct Files {
    /// In the order of their names.
    pub(super) files: Vec<(PathBuf, Read)>,
    pub(super) unread: Vec<Unread>,
}

/// Reads them all, which together keep the limits; blocks for as long as the file system does. An error is
/// of the path itself.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Files, Unread> {
    let unreadable = |error: std::io::Error| {
        let reason = if error.kind() == std::io::ErrorKind::NotFound { "no_file" } else { "read" };
        Unread::new(path, reason, format!("cannot be read: {error}"))
    };
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        let file = file::read(path, limits)?;
        return Ok(Files { files: vec![(path.to_owned(), file)], unread: Vec::new() });
    }
    let mut found = Files { files: Vec::new(), unread: Vec::new() };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?.path();
        if entry.extension().is_some_and(|extension| extension == "prom") {
            paths.push(entry);
        }
        if paths.len() > MOST {
            let message = format!("has more than {MOST} files *.prom: expected fewer");
            return Err(Unread::new(path, "page_limit", message));
        }
    }
    paths.sort();
    let mut left = *limits;
    for path in paths {
        match file::read(&path, &left) {
            Ok(read) => {
                left.body -= read.bytes.min(left.body);
                left.samples -= read.page.sample_count().min(left.samples);
                found.files.push((path, read));
            }
            Err(unread) => found.unread.push(unread),
        }
    }
    Ok(found)
}
