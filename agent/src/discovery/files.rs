//! Files of target groups: one path, or all that a pattern such as `targets/*.json` has.
//!
//! They are read by a thread of their own: a share that hangs must hang nothing else.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;

use super::groups::LONGEST;

/// All files may take so long.
const TIME: Duration = Duration::from_secs(10);

/// The text of each file, or why there is none.
pub(super) type Texts = BTreeMap<String, Result<String, String>>;

/// Files whose last part may have stars in it.
#[derive(Debug)]
pub(super) struct Files {
    pattern: PathBuf,
    /// A reading that has not ended.
    under_way: Option<oneshot::Receiver<Result<Texts, String>>>,
}

impl Files {
    pub(super) fn new(pattern: &str) -> Self {
        Self { pattern: PathBuf::from(pattern), under_way: None }
    }

    /// Reads all of them now.
    pub(super) async fn read(&mut self) -> Result<Texts, String> {
        let mut reading = if let Some(reading) = self.under_way.take() {
            reading
        } else {
            let (done, reading) = oneshot::channel();
            let pattern = self.pattern.clone();
            let thread = std::thread::Builder::new().name("targets".to_owned());
            let read = move || drop(done.send(read(&pattern)));
            thread.spawn(read).map_err(|error| format!("cannot be read: {error}"))?;
            reading
        };
        match tokio::time::timeout(TIME, &mut reading).await {
            Ok(Ok(texts)) => texts,
            Ok(Err(_)) => Err("cannot be read: the thread that did died".to_owned()),
            Err(_) => {
                self.under_way = Some(reading);
                Err(format!("cannot be read within {TIME:?}"))
            }
        }
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
