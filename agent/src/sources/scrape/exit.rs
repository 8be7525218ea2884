//! The page that an app writes on its way out, for when nobody answers any more.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use exposition::Limits;
use service::apart::Apart;

use crate::sources::file::{self, Read, Unread, stamp};

/// A file that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(1);

/// What a thread brings: when the file was changed last, and its page where that is new.
type Looked = (Option<SystemTime>, Option<Result<Read, Unread>>);

#[derive(Debug)]
pub(super) struct Exit {
    path: PathBuf,
    limits: Limits,
    apart: Apart<Looked>,
    /// When the last good scrape began, or the agent.
    since: SystemTime,
    /// When the file was changed last, as far as anybody has looked.
    changed: Option<SystemTime>,
    failing: Option<String>,
}

impl Exit {
    pub(super) fn new(path: &Path, limits: Limits) -> Self {
        let since = stamp();
        Self { path: path.to_owned(), limits, apart: Apart::default(), since, changed: None, failing: None }
    }

    /// A scrape that began then was good: what was written before is older than its page.
    pub(super) fn scraped(&mut self, began: SystemTime) {
        self.since = began;
        self.failing = None;
    }

    pub(super) fn since(&self) -> SystemTime {
        self.since
    }

    /// Whether the file was changed since then, when anybody looked last.
    pub(super) fn was_written_since(&self, then: SystemTime) -> bool {
        self.changed.is_some_and(|changed| changed >= then)
    }

    /// The page, if it was written since the last good scrape.
    pub(super) async fn read(&mut self, target: &str, longest: Duration) -> Option<Read> {
        let (path, limits, since) = (self.path.clone(), self.limits, self.since);
        let look = move || {
            let changed = file::changed(&path);
            let is_new = changed.is_some_and(|changed| changed >= since);
            (changed, is_new.then(|| file::read(&path, &limits)))
        };
        let looked = self.apart.run(longest.min(LONGEST), look).await;
        let read = match looked {
            Ok((changed, read)) => {
                self.changed = changed;
                read?
            }
            Err(error) => Err(Unread::new(&self.path, "hangs", format!("cannot be read: {error}"))),
        };
        match read {
            Ok(read) => {
                self.failing = None;
                Some(read)
            }
            Err(Unread { message, .. }) => {
                if self.failing.as_ref() != Some(&message) {
                    tracing::warn!(target, "exit file: {message}");
                    self.failing = Some(message);
                }
                None
            }
        }
    }
}
