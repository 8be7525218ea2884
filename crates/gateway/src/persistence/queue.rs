//! What waits to be written, and who waits for it.

mod turn;

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use super::counters::Counters;
use super::record::Record;
use super::snapshot::Written;
use super::{Fsync, Options, Status};

pub(super) use turn::Turn;

/// What has come is written after this long, if nobody waits for it.
const TICK: Duration = Duration::from_millis(10);
/// So many bytes are written at once.
const BATCH: usize = 1 << 20;

/// Between requests and the thread that writes.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    /// Something is to be done.
    work: Condvar,
    /// There is room again.
    room: Notify,
    fsync: Fsync,
    most: usize,
    patience: Duration,
    pub(super) counters: Counters,
}

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each says one thing to the thread, in any combination")]
struct Inner {
    records: Vec<Record>,
    bytes: usize,
    /// Bytes that the thread is writing, and since when it has been at that.
    writing: usize,
    busy: Option<Instant>,
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
    pub(super) fn new(options: &Options, status: Status, counters: Counters) -> Self {
        let inner = Inner {
            records: Vec::new(),
            bytes: 0,
            writing: 0,
            busy: None,
            since: None,
            waiting: Vec::new(),
            pending: false,
            gave_up: false,
            force: false,
            finished: None,
            stop: false,
            status,
        };
        let Options { fsync, most_queued: most, patience, .. } = *options;
        let (inner, work, room) = (Mutex::new(inner), Condvar::new(), Notify::new());
        Self { inner, work, room, fsync, most, patience, counters }
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
        let end = tokio::time::Instant::now() + self.patience;
        let mut waited = false;
        loop {
            let room = self.room.notified();
            if self.has_room() {
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

    /// Whether a push may be taken now.
    pub(super) fn has_room(&self) -> bool {
        self.lock().has_room(self.most)
    }

    fn give_up(&self) {
        let mut inner = self.lock();
        if inner.has_room(self.most) {
            return;
        }
        self.counters.errors.with_label_values(&["slow"]).inc();
        let bytes = inner.bytes + inner.writing;
        let problem = format!("the disk took nothing of {bytes} bytes within {:?}", self.patience);
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
            if let Some(problem) = inner.stuck(self.patience) {
                drop(inner);
                self.counters.not_durable.inc();
                return Err(problem);
            }
            let (sender, receiver) = oneshot::channel();
            // Those who went away are forgotten before there is more room for those who wait.
            if inner.waiting.len() == inner.waiting.capacity() {
                inner.waiting.retain(|sender| !sender.is_closed());
            }
            inner.waiting.push(sender);
            self.work.notify_one();
            receiver
        };
        let _counted = self.counters.waits();
        let said = match tokio::time::timeout(self.patience, waiting).await {
            Ok(Ok(said)) => said,
            Ok(Err(_)) => Err("the thread that writes has ended".to_owned()),
            Err(_) => {
                self.counters.errors.with_label_values(&["slow"]).inc();
                Err(format!("the disk did not take it within {:?}", self.patience))
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
        Status {
            queued_bytes: (inner.bytes + inner.writing) as u64,
            busy: inner.busy.map(|since| since.elapsed()).unwrap_or_default(),
            stuck: inner.stuck(self.patience),
            ..inner.status.clone()
        }
    }

    /// Asks the thread to finish.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.work.notify_one();
    }
}

impl Inner {
    /// Where nothing is being logged, nothing waits.
    fn has_room(&self, most: usize) -> bool {
        self.bytes + self.writing < most || self.status.log_problem.is_some()
    }

    /// What is said of a disk that has not answered for so long. Whoever comes now need not wait as well.
    fn stuck(&self, patience: Duration) -> Option<String> {
        let busy = self.busy.map(|since| since.elapsed()).filter(|busy| *busy > patience)?;
        Some(format!("the disk has answered nothing for {:.1} s", busy.as_secs_f64()))
    }
}
