//! What is read: pages of others, over HTTP and in files, the host, the agent itself.

mod file;
pub mod host;
pub mod own;
pub mod scrape;
pub mod textfile;
pub(crate) mod up;

pub(crate) use file::stamp;

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use crate::snapshot::Snapshot;

/// The future of one collection.
pub type Collecting<'a> = Pin<Box<dyn Future<Output = Snapshot> + Send + 'a>>;

/// Something that can be read. Reading never fails: a failure is a snapshot that says so.
pub trait Source: Send {
    /// Its name, for logs and metrics.
    fn name(&self) -> &str;

    /// Reads it now.
    fn collect(&mut self) -> Collecting<'_>;

    /// Reads it for the last time, which may take until `longest` has passed: values that are still to come
    /// are worth a wait.
    fn last(&mut self, _longest: Duration) -> Collecting<'_> {
        self.collect()
    }

    /// What it shows was started after this, on the clock that files are stamped with, and nobody has looked yet.
    fn begins(&mut self, _after: SystemTime) {}

    /// Whether it is worth a look between two pushes, since it may end at any time.
    fn looks(&self) -> bool {
        false
    }

    /// What went wrong at the last reading, in words.
    fn failure(&self) -> Option<String> {
        None
    }

    /// What is left to say when its last reading was given up after so long.
    fn late(&mut self, _after: Duration) -> Option<Snapshot> {
        None
    }

    /// What is left to say when it is not there any more.
    fn gone(&self) -> Option<Snapshot> {
        None
    }

    /// Counts nothing any more under its name, which will not come back.
    fn forget(&self) {}
}
