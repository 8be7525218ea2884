//! The bounded way into a sink: only the newest snapshot of each group.
//!
//! Pushing an older state after a newer one would look like a counter reset, so nothing is queued
//! behind: a snapshot that was not sent in time is replaced, and counted.

mod all;
mod turns;

pub use all::Intakes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::sinks::SendError;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use turns::{Taken, Turn, Turns};

/// Between the sources and one sink.
#[derive(Debug)]
pub struct Intake {
    endpoint: String,
    state: Mutex<State>,
    changed: Notify,
    progress: watch::Sender<Progress>,
    stats: Arc<Stats>,
}

/// How far an endpoint has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Snapshots that wait or are under way.
    pub pending: usize,
    /// Snapshots that were refused so far.
    pub refused: u64,
}

#[derive(Debug, Default)]
struct State {
    turns: Turns,
    /// One was taken out and is not settled yet.
    sending: bool,
    /// The agent ends: last snapshots are the last of all, and not of a source that left.
    ends: bool,
    /// Last values that were refused.
    refused: usize,
}

impl State {
    fn pending(&self) -> usize {
        self.turns.len() + usize::from(self.sending)
    }
}

/// What an intake leaves at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Snapshots that waited or were under way.
    pub waiting: usize,
    /// Last snapshots that were refused for good.
    pub refused: usize,
}

impl Intake {
    /// An empty one; what it drops is counted under the endpoint's name.
    pub fn new(endpoint: &str, stats: Arc<Stats>) -> Self {
        let endpoint = endpoint.to_owned();
        let progress = watch::Sender::default();
        Self { endpoint, state: Mutex::default(), changed: Notify::new(), progress, stats }
    }

    /// The same, where what failed is tried again within an interval at the latest.
    #[must_use]
    pub fn each(self, interval: Duration) -> Self {
        self.wait_at_most(interval);
        self
    }

    /// The same for a process that nothing comes after for a long time: who cannot be reached at the end is
    /// tried until it, and not only some times.
    #[must_use]
    pub fn insistent(self) -> Self {
        self.lock().turns.insist();
        self
    }

    /// What failed is tried again within an interval at the latest from now on.
    pub(crate) fn wait_at_most(&self, interval: Duration) {
        self.lock().turns.wait_at_most(interval);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a snapshot, never waits; one of the same group that still waited is dropped.
    pub fn offer(&self, snapshot: Arc<Snapshot>) {
        let mut state = self.lock();
        match state.turns.offer(snapshot) {
            Taken::Kept => {}
            Taken::Replaced => self.stats.dropped(&self.endpoint, "superseded"),
            Taken::Full => self.stats.dropped(&self.endpoint, "full"),
        }
        self.stats.waiting(&self.endpoint, state.turns.len());
        self.progress.send_modify(|progress| progress.pending = state.pending());
        drop(state);
        self.changed.notify_one();
    }

    /// What became of the snapshot that was taken out.
    pub fn settle(&self, snapshot: Arc<Snapshot>, outcome: Result<(), SendError>) {
        let mut state = self.lock();
        state.sending = false;
        match outcome {
            Ok(()) => state.turns.settled(&snapshot.key),
            Err(SendError::Held { after, scope, .. }) if state.turns.end().is_none() => {
                if !state.turns.held(snapshot, scope, after, Instant::now()) {
                    self.stats.dropped(&self.endpoint, "superseded");
                }
            }
            // At the end there is no time to wait for whoever mends it.
            Err(SendError::Refused | SendError::Held { .. }) => {
                self.progress.send_modify(|progress| progress.refused += 1);
                state.refused += usize::from(snapshot.last && state.ends);
                state.turns.settled(&snapshot.key);
            }
            Err(SendError::Again { after, scope }) => {
                if !state.turns.failed(snapshot, scope, after, Instant::now()) {
                    self.stats.dropped(&self.endpoint, "superseded");
                }
            }
        }
        self.stats.waiting(&self.endpoint, state.turns.len());
        self.progress.send_modify(|progress| progress.pending = state.pending());
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Waits until nothing waits nor is under way, no longer than `deadline`.
    pub async fn settled(&self, deadline: Instant) -> Progress {
        let mut progress = self.progress.subscribe();
        let settled = progress.wait_for(|progress| progress.pending == 0);
        // Its sender lives in here, so only time can end the wait.
        let _ = timeout_at(deadline, settled).await;
        self.progress()
    }

    /// How long it is until the next try of what failed; none: nothing waits for one.
    pub fn next_try(&self) -> Option<Duration> {
        let until = self.lock().turns.paused()?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// Whether something is kept because who we are is not let in.
    pub fn is_held(&self) -> bool {
        self.lock().turns.is_held()
    }

    /// What failed is tried again at once: the endpoint is asked another way now.
    pub fn anew(&self) {
        self.lock().turns.anew();
        self.changed.notify_one();
    }

    /// What was not let in is tried again at once: who we are may have been mended over there.
    pub fn let_in(&self) {
        self.lock().turns.let_in();
        self.changed.notify_one();
    }

    /// The agent ends: what is refused from now on is left for good.
    pub fn ends(&self) {
        self.lock().ends = true;
    }

    /// No more snapshots will come, and what is not sent by `end` never will be.
    pub fn close(&self, end: Instant) {
        self.lock().turns.close(end);
        self.changed.notify_one();
    }

    /// The next snapshot to send; none once it is closed and empty, or only such are left as would have
    /// to be tried again in the time that is kept for `ending`.
    pub async fn next(&self, ending: Duration) -> Option<Arc<Snapshot>> {
        loop {
            let until = {
                let mut state = self.lock();
                match state.turns.next(Instant::now()) {
                    Turn::Send(snapshot) => {
                        state.sending = true;
                        self.stats.waiting(&self.endpoint, state.turns.len());
                        return Some(snapshot);
                    }
                    Turn::Nothing if state.turns.end().is_some() => return None,
                    Turn::Nothing => None,
                    Turn::Wait(until) => {
                        let last = state.turns.end().map(|end| end.checked_sub(ending).unwrap_or(end));
                        if last.is_some_and(|last| last <= until) {
                            return None;
                        }
                        Some(until)
                    }
                }
            };
            match until {
                Some(until) => tokio::select! {
                    () = self.changed.notified() => {}
                    () = sleep_until(until) => {}
                },
                None => self.changed.notified().await,
            }
        }
    }

    /// Gives up what still waits or is under way, and counts it.
    pub fn abandon(&self) -> Rest {
        let mut state = self.lock();
        let waiting = state.turns.clear() + usize::from(std::mem::take(&mut state.sending));
        self.stats.waiting(&self.endpoint, 0);
        for _ in 0..waiting {
            self.stats.dropped(&self.endpoint, "shutdown");
        }
        Rest { waiting, refused: state.refused }
    }

    /// The endpoint's name.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}
