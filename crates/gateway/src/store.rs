//! The groups behind a lock, never held over a wait, and the task that ends them in time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use exposition::GroupingKey;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::groups::{Conflict, Groups, Method, Moment, Snapshot};
use crate::push::Push;

/// Shared by all requests.
#[derive(Debug)]
pub struct Store {
    groups: Mutex<Groups>,
    /// A deadline came that is before all others.
    sooner: Notify,
}

impl Store {
    /// Takes the groups into custody.
    pub fn new(groups: Groups) -> Self {
        Self { groups: Mutex::new(groups), sooner: Notify::new() }
    }

    /// The groups, without those whose time has come.
    pub fn lock(&self) -> MutexGuard<'_, Groups> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.expire(Instant::now());
        groups
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
        life: Option<Duration>,
        by: Option<&str>,
    ) -> Result<Option<Box<str>>, Conflict> {
        self.change(|groups| {
            groups.push(method, key, push, life, now())?;
            Ok(groups.pushed_by(key, by))
        })
    }

    /// Notes a push that failed.
    pub fn fail(&self, key: &GroupingKey, life: Duration) {
        self.change(|groups| groups.fail(key, life, now()));
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
        let dropped = groups.take_dropped();
        drop(groups);
        // Only now, when nobody waits for it any more.
        drop(dropped);
        // Waking the task for each push would cost more than the push.
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.sooner.notify_one();
        }
        result
    }

    /// Ends each group when its time has come, until `stop`.
    pub async fn expire_until(self: std::sync::Arc<Self>, stop: CancellationToken) {
        loop {
            let next = self.change(|groups| groups.next_deadline());
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

fn now() -> Moment {
    Moment { wall: SystemTime::now(), steady: Instant::now() }
}
