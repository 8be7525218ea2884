//! The tasks that read, one a source: they begin, are told of new times, and end.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::hurry::Hurry;
use super::keep::Keep;
use super::left::Left;
use super::read::{self, Why};
use super::{Times, guarded};
use crate::intake::Intakes;
use crate::sinks::pull::Pull;
use crate::snapshot::Snapshot;
use crate::sources::Source;

/// How a source ends while the agent goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving {
    /// Its group ends, too: no other source takes it over.
    pub ends: bool,
    /// No other source takes its name over.
    pub forgets: bool,
}

/// Tells a reader to leave, and how.
#[derive(Debug, Clone, Default)]
pub(super) struct Leave {
    told: CancellationToken,
    how: Arc<OnceLock<Leaving>>,
}

impl Leave {
    fn now(&self, how: Leaving) {
        // Whoever says it first is heard.
        let _ = self.how.set(how);
        self.told.cancel();
    }

    /// Comes when the source is to leave.
    pub(super) async fn told(&self) -> Leaving {
        self.told.cancelled().await;
        self.how.get().copied().unwrap_or(Leaving { ends: true, forgets: true })
    }
}

/// All that read.
pub(super) struct Readers {
    pub(super) times: watch::Sender<Times>,
    pub(super) hurry: Hurry,
    pub(super) pull: Arc<Pull>,
    pub(super) intakes: Intakes,
    pub(super) stop: CancellationToken,
    pub(super) running: BTreeMap<String, (Leave, JoinHandle<bool>)>,
}

impl Readers {
    /// Reads a source from now on.
    pub(super) fn start(&mut self, source: Box<dyn Source>) {
        let (pull, intakes, ends) = (Arc::clone(&self.pull), self.intakes.clone(), self.stop.clone());
        let (hurry, keep) = (self.hurry.reader(source.name()), Keep::default());
        let looks = source.looks() && hurry.looks();
        let deliver = move |snapshot: Snapshot, why: Why| {
            let stay = looks || (snapshot.last && ends.is_cancelled());
            let snapshot = keep.on(snapshot, stay);
            pull.offer(Arc::clone(&snapshot));
            if why == Why::Look {
                return;
            }
            for intake in intakes.all() {
                if ends.is_cancelled() {
                    intake.ends();
                }
                intake.offer(Arc::clone(&snapshot));
            }
            for receiver in intakes.receivers() {
                if ends.is_cancelled() {
                    receiver.ends();
                }
                receiver.offer(Arc::clone(&snapshot));
            }
        };
        let (name, leave) = (source.name().to_owned(), Leave::default());
        let times = self.times.subscribe();
        let reader = read::read(source, times, deliver, hurry, self.stop.clone(), leave.clone());
        let reader = guarded(reader, &self.stop, &CancellationToken::new());
        if let Some((before, _)) = self.running.insert(name, (leave, reader)) {
            before.now(Leaving { ends: false, forgets: false });
        }
    }

    /// Reads a source no longer.
    pub(super) async fn leave(&mut self, name: &str, how: Leaving) {
        let Some((leave, reader)) = self.running.remove(name) else { return };
        leave.now(how);
        // It gives up what is under way, so this does not wait for a slow target.
        let _ = reader.await;
        if how.ends || how.forgets {
            self.pull.forget(name);
        }
    }

    /// Reads as often as this from now on.
    pub(super) fn retime(&self, times: Times) {
        self.times.send_if_modified(|now| std::mem::replace(now, times) != times);
    }

    /// Waits for the last readings.
    pub(super) async fn end(self, deadline: Instant) -> Vec<Left> {
        let mut left = Vec::new();
        for (whose, (_, reader)) in self.running {
            match tokio::time::timeout_at(deadline, reader).await {
                Ok(Ok(true)) => {}
                Ok(Err(error)) => left.push(Left::Died { whose, why: error.to_string() }),
                _ => left.push(Left::Source(whose)),
            }
        }
        left
    }
}
