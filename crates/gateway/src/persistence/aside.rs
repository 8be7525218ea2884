//! What cannot be read is set aside: it gets a second name before a snapshot takes its first.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::disk::Disk;
use super::files::{self, Files};
use super::recover::Fault;

/// Names tried in one second.
const TRIES: u32 = 100;

/// Sets all of these aside, and says each once.
pub(super) fn all(disk: &dyn Disk, files: &Files, faults: &mut Vec<Fault>) -> io::Result<()> {
    while let Some(fault) = faults.first() {
        let message = match &fault.file {
            Some(file) => {
                let kept = one(disk, file)?;
                format!("{}: {}; it is now {}", file.display(), fault.what, kept.display())
            }
            None => fault.what.clone(),
        };
        tracing::error!("{message}");
        faults.remove(0);
    }
    disk.sync_names(files.snapshot())
}

fn one(disk: &dyn Disk, file: &std::path::Path) -> io::Result<PathBuf> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    for number in 0..TRIES {
        let end = if number == 0 { String::new() } else { format!("-{number}") };
        let name = files::with(file, &format!(".broken-{seconds}{end}"));
        match disk.second_name(file, &name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(name),
        }
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, format!("{TRIES} names of files set aside are taken")))
}
