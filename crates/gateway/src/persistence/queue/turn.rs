//! The side of the thread that writes: what it is to do, and what it says of it.

use std::io;
use std::sync::PoisonError;
use std::time::Instant;

use tokio::sync::oneshot;

use super::{BATCH, Queue, TICK};
use crate::persistence::record::Record;
use crate::persistence::snapshot::Written;
use crate::persistence::{Status, disk};

/// What the thread does next.
#[derive(Debug, Default)]
pub(in crate::persistence) struct Turn {
    pub(in crate::persistence) records: Vec<Record>,
    pub(in crate::persistence) waiting: Vec<oneshot::Sender<Result<(), String>>>,
    pub(in crate::persistence) finished: Option<io::Result<Written>>,
    pub(in crate::persistence) gave_up: bool,
    pub(in crate::persistence) force: bool,
    pub(in crate::persistence) stop: bool,
}

impl Queue {
    /// Waits for something to do, until `end` at the latest; being asked to stop is something if it `stops`.
    pub(in crate::persistence) fn turn(&self, end: Option<Instant>, stops: bool) -> Turn {
        let mut inner = self.lock();
        (inner.writing, inner.busy) = (0, None);
        self.room.notify_waiters();
        loop {
            let now = Instant::now();
            let tick = inner.since.map(|since| since + TICK);
            let due = [tick, end].into_iter().flatten().min();
            let ready = (inner.stop && stops)
                || inner.gave_up
                || inner.finished.is_some()
                || !inner.waiting.is_empty()
                || inner.bytes >= BATCH
                || due.is_some_and(|due| due <= now);
            if ready {
                break;
            }
            inner = match due {
                Some(due) => {
                    let waited = self.work.wait_timeout(inner, due - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.work.wait(inner).unwrap_or_else(PoisonError::into_inner),
            };
        }
        inner.since = None;
        (inner.writing, inner.bytes) = (inner.bytes, 0);
        inner.busy = Some(Instant::now());
        Turn {
            records: std::mem::take(&mut inner.records),
            waiting: std::mem::take(&mut inner.waiting),
            finished: inner.finished.take(),
            gave_up: std::mem::take(&mut inner.gave_up),
            force: std::mem::take(&mut inner.force),
            stop: inner.stop,
        }
    }

    /// All that was taken is safe, but for what came since.
    pub(in crate::persistence) fn synced(&self) {
        let mut inner = self.lock();
        inner.pending = !inner.records.is_empty();
        drop(inner);
        self.counters.succeeded();
    }

    /// From now on nothing is taken, until [`Queue::mended`].
    pub(in crate::persistence) fn failed(&self, doing: &str, error: &io::Error) -> String {
        let problem = self.failure(doing, error);
        let mut inner = self.lock();
        if inner.status.log_problem.is_none() {
            tracing::error!(
                problem,
                "groups are not kept; they are served from memory, and this is tried again"
            );
        }
        inner.status.log_problem = Some(problem.clone());
        inner.status.missed = true;
        inner.records.clear();
        inner.bytes = 0;
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        for waiting in waiting {
            let _ = waiting.send(Err(problem.clone()));
        }
        self.room.notify_waiters();
        problem
    }

    /// A snapshot could not be written; the log goes on.
    pub(in crate::persistence) fn snapshot_failed(&self, error: &io::Error) {
        let problem = self.failure("write a snapshot", error);
        let mut inner = self.lock();
        if inner.status.snapshot_problem.is_none() {
            tracing::error!(problem, "this is tried again");
        }
        inner.status.snapshot_problem = Some(problem);
    }

    fn failure(&self, doing: &str, error: &io::Error) -> String {
        self.counters.errors.with_label_values(&[disk::reason(error)]).inc();
        format!("cannot {doing}: {error}")
    }

    /// The log takes records again. Until there is a snapshot, what was missed is not kept.
    pub(in crate::persistence) fn mended(&self) {
        let mut inner = self.lock();
        inner.status.log_problem = None;
    }

    /// Changes what is said of the files.
    pub(in crate::persistence) fn say(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.lock().status);
    }

    /// A snapshot came to its end.
    pub(in crate::persistence) fn finish(&self, written: io::Result<Written>) {
        self.lock().finished = Some(written);
        self.work.notify_one();
    }
}
