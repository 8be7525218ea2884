//! Where programs are: ours beside the lab itself, other people's on the PATH.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// What is started: a program with what it is told.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its file.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Environment variables beside the lab's own.
    pub environment: Vec<(&'static str, String)>,
}

impl Program {
    /// A program with these arguments.
    pub fn new<T: Into<String>>(path: &Path, arguments: impl IntoIterator<Item = T>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { path: path.to_owned(), arguments, environment: Vec::new() }
    }
}

/// One of our binaries: beside the lab's own, where Cargo and packages put them, else on the PATH.
pub fn ours(name: &str) -> anyhow::Result<PathBuf> {
    let lab = std::env::current_exe().context("cannot find the lab's own binary")?;
    let folder = lab.parent().unwrap_or(Path::new("."));
    // Cargo puts tests one folder below.
    let below = if folder.ends_with("deps") { folder.parent() } else { None };
    if let Some(beside) =
        [Some(folder), below].into_iter().flatten().map(|at| at.join(name)).find(|at| at.is_file())
    {
        return Ok(beside);
    }
    match on_path(name) {
        Some(path) => Ok(path),
        None => {
            bail!("{name} is neither in {} nor on the PATH: run `cargo build --workspace`", folder.display())
        }
    }
}

/// A program of others.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian leaves sbin out of a user's PATH, and puts servers there.
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
