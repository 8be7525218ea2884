//! One file with a page in it, as an app or a script leaves it: read whole, within bounds, and never waited for.
//!
//! The rules are those of `node_exporter`'s textfile collector: text 0.0.4, and no timestamps.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use exposition::{Limits, Page};
use rustix::fs::OFlags;
use rustix::time::{ClockId, clock_gettime};

/// All reasons why a file cannot be read.
pub(super) const REASONS: &[&str] = &["hangs", "no_file", "page_limit", "read", "syntax", "timestamps"];

/// A page that was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) page: Page,
    pub(super) bytes: usize,
    /// When the file was changed last.
    pub(super) changed: SystemTime,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    /// A label value, one of [`REASONS`].
    pub(super) reason: &'static str,
    /// For people, with the file's name.
    pub(super) message: String,
}

impl Unread {
    pub(super) fn new(path: &Path, reason: &'static str, message: impl std::fmt::Display) -> Self {
        Self { reason, message: format!("{} {message}", path.display()) }
    }
}

/// Reads a page; blocks for as long as the file system does.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Read, Unread> {
    let wrong = |reason, message: String| Unread::new(path, reason, message);
    let (file, changed) = open(path)?;
    let cap = u64::try_from(limits.body).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    // One byte more than is allowed tells a file that is too large, whatever its size is said to be.
    let read = file.take(cap.saturating_add(1)).read_to_end(&mut text);
    read.map_err(|error| wrong("read", format!("cannot be read: {error}")))?;
    if text.len() > limits.body {
        return Err(wrong("page_limit", format!("is over the limit of {} bytes", limits.body)));
    }
    let bytes = text.len();
    let page = Page::parse(text, limits).map_err(|error| {
        let reason = if error.reason.limit().is_some() { "page_limit" } else { "syntax" };
        Unread { reason, message: format!("{}: {error}", path.display()) }
    })?;
    if let Some(sample) = page.samples().find(|sample| sample.timestamp_ms().is_some()) {
        let message = format!("has timestamps, as that of {}: expected none in a file", sample.name());
        return Err(wrong("timestamps", message));
    }
    Ok(Read { page, bytes, changed })
}

/// When the file was changed last; none where it is not there.
pub(super) fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|about| about.modified()).ok()
}

fn open(path: &Path) -> Result<(File, SystemTime), Unread> {
    let wrong = |reason, message: String| Unread::new(path, reason, message);
    let unread = |error: std::io::Error| {
        let reason = if error.kind() == std::io::ErrorKind::NotFound { "no_file" } else { "read" };
        wrong(reason, format!("cannot be read: {error}"))
    };
    let no_file = || wrong("no_file", "is no regular file".to_owned());
    // Opening a device may do something to it.
    if !std::fs::metadata(path).map_err(unread)?.is_file() {
        return Err(no_file());
    }
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    // What was a file may be a pipe by now, and would hang until somebody writes to it.
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unread)?;
    let about = file.metadata().map_err(unread)?;
    if !about.is_file() {
        return Err(no_file());
    }
    let changed = about.modified().map_err(unread)?;
    Ok((file, changed))
}

/// Now, on the clock that Linux stamps files with: it is up to a tick behind the usual one, by which a file
/// would seem older than a scrape before it.
pub(crate) fn stamp() -> SystemTime {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    let seconds = Duration::from_secs(u64::try_from(now.tv_sec).unwrap_or_default());
    SystemTime::UNIX_EPOCH + seconds + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or_default())
}
