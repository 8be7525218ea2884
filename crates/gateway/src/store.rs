//! The groups behind a lock, never held over a wait, and the task that ends them in time.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use exposition::GroupingKey;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::groups::{Conflict, Groups, Held, Kept, Method, Moment, Snapshot};
use crate::persistence::{Journal, Source};
use crate::policy::Manner;
use crate::push::Push;

/// Shared by all requests.
#[derive(Debug)]
pub struct Store {
    groups: Mutex<Groups>,
    /// A deadline came that is before all others.
    sooner: Notify,
    journal: Option<Journal>,
}

/// The groups while nobody else has them. What was changed goes to the log in the order of the changes.
#[derive(Debug)]
pub struct Locked<'a> {
    groups: MutexGuard<'a, Groups>,
    journal: Option<&'a Journal>,
    /// Freed after the lock, since fields go in their order.
    dropped: Vec<Held>,
}

impl Deref for Locked<'_> {
    type Target = Groups;

    fn deref(&self) -> &Groups {
        &self.groups
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Groups {
        &mut self.groups
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if let Some(journal) = self.journal {
            journal.take(&mut self.groups);
        }
        self.dropped = self.groups.take_dropped();
    }
}

impl Store {
    /// Takes the groups into custody.
    pub fn new(groups: Groups) -> Self {
        Self { groups: Mutex::new(groups), sooner: Notify::new(), journal: None }
    }

    /// The same with what takes their changes.
    pub fn kept(groups: Groups, journal: Option<Journal>) -> Self {
        Self { journal, ..Self::new(groups) }
    }

    /// What takes changes, where groups are kept over a restart.
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// The groups, without those whose time has come.
    pub fn lock(&self) -> Locked<'_> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.expire(Instant::now());
        Locked { groups, journal: self.journal.as_ref(), dropped: Vec::new() }
    }

    /// All groups as they are now, to be read for as long as that takes.
    pub fn snapshot(&self) -> Snapshot {
        self.lock().snapshot()
    }

    /// Takes a push; says who pushed the group before.
    pub fn push(
        &self,
        method: Method,
        key: &GroupingKey,
        push: Push,
        manner: &Manner,
        by: Option<&str>,
    ) -> Result<Option<Box<str>>, Conflict> {
        self.change(|groups| {
            groups.push_as(method, key, push, manner, Moment::now())?;
            Ok(groups.pushed_by(key, by))
        })
    }

    /// Ends a group, once its last values could be scraped if its counters began at 0.
    pub fn leave(&self, key: &GroupingKey) {
        self.change(|groups| groups.leave(key, Instant::now()));
    }

    /// Notes a push that failed.
    pub fn fail(&self, key: &GroupingKey, life: Duration) {
        self.change(|groups| groups.fail(key, life, Moment::now()));
    }

    /// Ends a group; says whether there was one.
    pub fn delete(&self, key: &GroupingKey) -> bool {
        self.change(|groups| groups.delete(key))
    }

    /// Ends all groups.
    pub fn wipe(&self) {
        self.change(Groups::wipe);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Groups) -> T) -> T {
        let mut groups = self.lock();
        let before = groups.next_deadline();
        let result = change(&mut groups);
        let after = groups.next_deadline();
        drop(groups);
        // Waking the task for each push would cost more than the push.
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.sooner.notify_one();
        }
        result
    }

    /// Ends each group when its time has come, until `stop`.
    pub async fn expire_until(self: std::sync::Arc<Self>, stop: CancellationToken) {
        loop {
            let next = self.lock().next_deadline();
            let due = async {
                match next {
                    Some(next) => tokio::time::sleep_until(next.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                () = self.sooner.notified() => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

impl Source for Store {
    fn part(&self, after: u64, most: usize) -> (Vec<Kept>, Option<u64>) {
        self.lock().keep_some(after, most, Moment::now())
    }
}
