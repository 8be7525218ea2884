//! From the groups to the queue: what changed, as it is at the end of the change.

use std::sync::Arc;

use super::Status;
use super::queue::Queue;
use super::record::Record;
use crate::groups::{Change, Groups, Moment};

/// Takes what changes.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Queue>);

impl Journal {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        Self(queue)
    }

    /// Takes what was noted; the groups are as they are right after it. To be called while they are locked,
    /// so that the log has the order of the changes.
    pub fn take(&self, groups: &mut Groups) {
        let changes = groups.changes();
        if changes.is_empty() {
            return;
        }
        let now = Moment::now();
        let records = changes.into_iter().filter_map(|change| match change {
            Change::Touched(key, names) => {
                let kept = groups.keep(&key, names.as_deref(), now)?;
                Some(Record::Group { kept, whole: names.is_none() })
            }
            Change::Deleted(key) => Some(Record::Deleted(key)),
            Change::Wiped => Some(Record::Wiped),
        });
        self.0.append(records);
    }

    /// Waits, as long as was said at the most, while too much is waiting for the disk.
    pub async fn room(&self) {
        self.0.room().await;
    }

    /// Whether there is room, without waiting.
    pub fn has_room(&self) -> bool {
        self.0.has_room()
    }

    /// Waits until all that was taken so far is as safe as was asked for; else says why it is not.
    pub async fn durable(&self) -> Result<(), String> {
        self.0.durable().await
    }

    /// How it is going.
    pub fn status(&self) -> Status {
        self.0.status()
    }

    /// Brings the gateway's own metrics up to date.
    pub fn show(&self) {
        self.0.counters.show(&self.status());
    }
}
