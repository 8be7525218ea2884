//! What waits to be written, and who waits for it.

mod turn;

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use super::counters::Counters;
use super::record::Record;
use super::snapshot::Written;
use super::{Fsync, Status};

pub(super) use turn::Turn;

/// What has come is written after this long, if nobody waits for it.
const TICK: Duration = Duration::from_millis(10);
/// So many bytes are written at once.
const BATCH: usize = 1 << 20;
/// More than this does not wait: pushes do.
const MOST: usize = 64 << 20;
/// How long a push waits for a disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between requests and the thread that writes.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    /// Something is to be done.
    work: Condvar,
    /// There is room again.
    room: Notify,
    fsync: Fsync,
    pub(super) counters: Counters,
}

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each says one thing to the thread, in any combination")]
struct Inner {
    records: Vec<Record>,
    bytes: usize,
    since: Option<Instant>,
    waiting: Vec<oneshot::Sender<Result<(), String>>>,
    /// Whether something was taken that is not on the disk for good.
    pending: bool,
    /// The disk was too slow, so what waited was given up.
    gave_up: bool,
    /// Somebody waits for an fsync, whatever the setting is.
    force: bool,
    finished: Option<io::Result<Written>>,
    stop: bool,
    status: Status,
}

impl Queue {
    pub(super) fn new(fsync: Fsync, status: Status, counters: Counters) -> Self {
        let inner = Inner {
            records: Vec::new(),
            bytes: 0,
            since: None,
            waiting: Vec::new(),
            pending: false,
            gave_up: false,
            force: false,
            finished: None,
            stop: false,
            status,
        };
        Self { inner: Mutex::new(inner), work: Condvar::new(), room: Notify::new(), fsync, counters }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what changed. The groups are locked meanwhile, so this must not wait for a disk.
    pub(super) fn append(&self, records: impl IntoIterator<Item = Record>) {
        let mut inner = self.lock();
        // The snapshot that ends the trouble will have it.
        if inner.status.log_problem.is_some() {
            return;
        }
        let (idle, small) = (inner.records.is_empty(), inner.bytes < BATCH);
        for record in records {
            inner.bytes += record.weight();
            inner.records.push(record);
        }
        inner.pending = true;
        if idle {
            inner.since = Some(Instant::now());
        }
        if idle || (small && inner.bytes >= BATCH) {
            self.work.notify_one();
        }
    }

    /// Waits until there is room. Where none comes, what waits is given up: the groups are in memory.
    pub(super) async fn room(&self) {
        let end = tokio::time::Instant::now() + PATIENCE;
        let mut waited = false;
        loop {
            let room = self.room.notified();
            if self.lock().bytes < MOST {
                return;
            }
            if !waited {
                self.counters.waits.inc();
                waited = true;
            }
            if tokio::time::timeout_at(end, room).await.is_err() {
                self.give_up();
                return;
            }
        }
    }

    fn give_up(&self) {
        let mut inner = self.lock();
        if inner.bytes < MOST {
            return;
        }
        self.counters.errors.with_label_values(&["slow"]).inc();
        let problem = format!("the disk took nothing of {} bytes within {PATIENCE:?}", inner.bytes);
        inner.records.clear();
        inner.bytes = 0;
        inner.gave_up = true;
        for waiting in std::mem::take(&mut inner.waiting) {
            let _ = waiting.send(Err(problem.clone()));
        }
        tracing::error!(problem, "groups are not kept");
        inner.status.log_problem = Some(problem);
        inner.status.missed = true;
        drop(inner);
        self.room.notify_waiters();
    }

    /// Waits until all that was taken so far is as safe as was asked for; else says why it is not.
    pub(super) async fn durable(&self) -> Result<(), String> {
        let waiting = {
            let mut inner = self.lock();
            // What was missed may be the very change that this is about.
            let missed = inner.status.missed || inner.status.log_problem.is_some();
            if let Some(problem) = inner.status.problem().filter(|_| missed) {
                drop(inner);
                self.counters.not_durable.inc();
                return Err(problem);
            }
            if self.fsync != Fsync::Always || !inner.pending {
                return Ok(());
            }
            let (sender, receiver) = oneshot::channel();
            inner.waiting.push(sender);
            self.work.notify_one();
            receiver
        };
        let said = match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(said)) => said,
            Ok(Err(_)) => Err("the thread that writes has ended".to_owned()),
            Err(_) => {
                self.counters.errors.with_label_values(&["slow"]).inc();
                Err(format!("the disk did not take it within {PATIENCE:?}"))
            }
        };
        if said.is_err() {
            self.counters.not_durable.inc();
        }
        said
    }

    /// Blocks until all that was taken so far is on the disk for good, whatever the setting is.
    pub(super) fn force(&self) -> io::Result<()> {
        let (sender, receiver) = oneshot::channel();
        let mut inner = self.lock();
        if let Some(problem) = &inner.status.log_problem {
            return Err(io::Error::other(problem.clone()));
        }
        inner.waiting.push(sender);
        inner.force = true;
        drop(inner);
        self.work.notify_one();
        let said =
            receiver.blocking_recv().unwrap_or_else(|_| Err("the thread that writes has ended".to_owned()));
        said.map_err(io::Error::other)
    }

    /// What is said of them.
    pub(super) fn status(&self) -> Status {
        let inner = self.lock();
        Status { queued_bytes: inner.bytes as u64, ..inner.status.clone() }
    }

    /// Asks the thread to finish.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.work.notify_one();
    }
}
