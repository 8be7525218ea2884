//! The bounded way into a sink: only the newest snapshot of each group.
//!
//! Pushing an older state after a newer one would look like a counter reset, so nothing is queued
//! behind: a snapshot that was not sent in time is replaced, and counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exposition::GroupingKey;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::snapshot::Snapshot;
use crate::stats::Stats;

/// Between the sources and one sink.
#[derive(Debug)]
pub struct Intake {
    endpoint: String,
    state: Mutex<State>,
    changed: Notify,
    closing: CancellationToken,
    stats: Arc<Stats>,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<GroupingKey, Arc<Snapshot>>,
    closed: bool,
}

impl Intake {
    /// An empty one; what it drops is counted under the endpoint's name.
    pub fn new(endpoint: &str, stats: Arc<Stats>) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            state: Mutex::default(),
            changed: Notify::new(),
            closing: CancellationToken::new(),
            stats,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a snapshot, never waits; one of the same group that still waited is dropped.
    pub fn offer(&self, snapshot: Arc<Snapshot>) {
        let mut state = self.lock();
        let replaced = state.waiting.insert(snapshot.key.clone(), snapshot);
        self.stats.waiting(&self.endpoint, state.waiting.len());
        drop(state);
        if replaced.is_some() {
            self.stats.dropped(&self.endpoint, "superseded");
        }
        self.changed.notify_one();
    }

    /// Gives back a snapshot that could not be sent, unless a newer one has come.
    pub fn give_back(&self, snapshot: Arc<Snapshot>) {
        let mut state = self.lock();
        if state.waiting.contains_key(&snapshot.key) {
            self.stats.dropped(&self.endpoint, "superseded");
        } else {
            state.waiting.insert(snapshot.key.clone(), snapshot);
            self.stats.waiting(&self.endpoint, state.waiting.len());
        }
    }

    /// No more snapshots will come.
    pub fn close(&self) {
        self.lock().closed = true;
        self.closing.cancel();
        self.changed.notify_one();
    }

    /// Waits before the next try; near the end, when every moment counts, only briefly.
    pub async fn wait(&self, time: Duration) {
        let short = Duration::from_millis(100);
        if self.closing.is_cancelled() {
            return tokio::time::sleep(time.min(short)).await;
        }
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.closing.cancelled() => tokio::time::sleep(time.min(short)).await,
        }
    }

    /// The next snapshot to send; none once it is closed and empty.
    pub async fn next(&self) -> Option<Arc<Snapshot>> {
        loop {
            {
                let mut state = self.lock();
                if let Some((_, snapshot)) = state.waiting.pop_first() {
                    self.stats.waiting(&self.endpoint, state.waiting.len());
                    return Some(snapshot);
                }
                if state.closed {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Gives up what still waits, and counts it.
    pub fn abandon(&self) -> usize {
        let waiting = std::mem::take(&mut self.lock().waiting).len();
        self.stats.waiting(&self.endpoint, 0);
        for _ in 0..waiting {
            self.stats.dropped(&self.endpoint, "shutdown");
        }
        waiting
    }

    /// The endpoint's name.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}
