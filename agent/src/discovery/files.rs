//! Files of target groups: one path, or all that a pattern such as `targets/*.json` has.
//!
//! They are read by a thread of their own: a share that hangs must hang nothing else.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use service::apart::Apart;

use super::groups::LONGEST;

/// All files may take so long.
const TIME: Duration = Duration::from_secs(10);

/// The text of each file, or why there is none.
pub(super) type Texts = BTreeMap<String, Result<String, String>>;

/// Files whose last part may have stars in it.
#[derive(Debug)]
pub(super) struct Files {
    pattern: PathBuf,
    apart: Apart<Result<Texts, String>>,
}

impl Files {
    pub(super) fn new(pattern: &str) -> Self {
        Self { pattern: PathBuf::from(pattern), apart: Apart::default() }
    }

    /// Reads all of them now.
    pub(super) async fn read(&mut self) -> Result<Texts, String> {
        let pattern = self.pattern.clone();
        let texts = self.apart.run(TIME, move || read(&pattern)).await;
        texts.unwrap_or_else(|error| Err(format!("cannot be read: {error}")))
    }
}

fn read(pattern: &Path) -> Result<Texts, String> {
    let last = pattern.file_name().unwrap_or_default().to_string_lossy();
    let paths = if last.contains('*') {
        let folder = pattern.parent().filter(|folder| !folder.as_os_str().is_empty());
        matching(folder.unwrap_or(Path::new(".")), &last)
            .map_err(|error| format!("cannot be listed: {error}"))?
    } else {
        vec![pattern.to_owned()]
    };
    Ok(paths.into_iter().map(|path| (path.display().to_string(), text(&path))).collect())
}

/// The files of a folder by a name with stars.
fn matching(folder: &Path, stars: &str) -> std::io::Result<Vec<PathBuf>> {
    let parts: Vec<String> = stars.split('*').map(regex::escape).collect();
    // Escaped text makes a regular expression.
    let Ok(name) = regex::Regex::new(&format!("^{}$", parts.join(".*"))) else { return Ok(Vec::new()) };
    let mut paths = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        if name.is_match(&entry.file_name().to_string_lossy()) {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

fn text(path: &Path) -> Result<String, String> {
    let read = || {
        let mut text = String::new();
        File::open(path)?.take(LONGEST as u64 + 1).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error: std::io::Error| format!("cannot be read: {error}"))
}
