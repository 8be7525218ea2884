//! Reading out of turn: looks between two pushes, and flushes that somebody waits for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use exposition::GroupingKey;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::read::Why;
use crate::intake::Intakes;
use crate::snapshot::Snapshot;

/// Asks readers to read now; one for all of them.
#[derive(Debug, Clone)]
pub struct Hurry {
    looks: watch::Receiver<Option<Duration>>,
    asked: watch::Sender<u64>,
    /// Up to which flush each source has been read.
    read: watch::Sender<BTreeMap<String, u64>>,
    app: Option<Arc<Began>>,
}

/// The app that the agent started.
#[derive(Debug)]
struct Began {
    at: SystemTime,
    /// The same on the clock that files are stamped with.
    stamp: SystemTime,
    /// The groups of its targets.
    groups: BTreeSet<GroupingKey>,
}

impl Hurry {
    /// Targets are looked at so often between two pushes, too. A look is not pushed; it is what a last
    /// push falls back on, and values that were seen once stay while the target does not answer.
    pub fn new(looks: watch::Receiver<Option<Duration>>) -> Self {
        Self { looks, asked: watch::Sender::new(0), read: watch::Sender::new(BTreeMap::new()), app: None }
    }

    /// The agent started the app that fills these groups, at this time, and by the clock that files are stamped
    /// with at this one.
    #[must_use]
    pub fn of_app(self, (at, stamp): (SystemTime, SystemTime), groups: BTreeSet<GroupingKey>) -> Self {
        Self { app: Some(Arc::new(Began { at, stamp, groups })), ..self }
    }

    /// What files of the app are not older than.
    pub(crate) fn stamp(&self) -> Option<SystemTime> {
        self.app.as_ref().map(|app| app.stamp)
    }

    /// Since when sources are looked at: now, or since before the app began.
    pub fn since(&self) -> SystemTime {
        let before = self.app.as_ref().and_then(|app| app.at.checked_sub(Duration::from_millis(1)));
        before.unwrap_or_else(SystemTime::now)
    }

    /// Without looks.
    pub fn none() -> Self {
        Self::new(watch::Sender::new(None).subscribe())
    }

    /// The part of one source's reader.
    pub(super) fn reader(&self, source: &str) -> Reader {
        let (asked, read) = (self.asked.subscribe(), self.read.clone());
        // A source that comes while a flush is under way is read at once anyway.
        let generation = *self.asked.borrow();
        self.read.send_modify(|read| {
            read.insert(source.to_owned(), generation);
        });
        let app = self.app.clone();
        Reader { looks: self.looks.clone(), asked, read, source: source.to_owned(), app }
    }

    /// Reads every source once more, and waits until it was pushed; says what was not by then.
    pub async fn flush(&self, intakes: &Intakes, deadline: Instant) -> Vec<String> {
        let pushes = intakes.all();
        let before: Vec<u64> = pushes.iter().map(|intake| intake.progress().refused).collect();
        let late = self.read(deadline).await;
        let mut left: Vec<String> =
            late.into_iter().map(|source| format!("{source} was not read in time")).collect();
        for (intake, before) in pushes.iter().zip(before) {
            if intake.is_held() {
                // A preStop hook is not to wait for whoever mends it.
                left.push(format!("{} does not let the agent in", intake.endpoint()));
                continue;
            }
            let progress = intake.settled(deadline).await;
            if progress.pending > 0 {
                left.push(format!("{} did not take {} groups in time", intake.endpoint(), progress.pending));
            }
            if progress.refused > before {
                left.push(format!("{} refused {} groups", intake.endpoint(), progress.refused - before));
            }
        }
        for receiver in intakes.receivers() {
            if receiver.seen().held {
                left.push(format!("{} does not let the agent in", receiver.endpoint()));
                continue;
            }
            let samples = receiver.settled(deadline).await;
            if samples > 0 {
                left.push(format!("{} did not take {samples} samples in time", receiver.endpoint()));
            }
        }
        left
    }

    /// Reads every source once more, and pushes it when it can be; the sources that were not read by then.
    pub async fn read(&self, deadline: Instant) -> Vec<String> {
        let mut generation = 0;
        self.asked.send_modify(|asked| {
            *asked += 1;
            generation = *asked;
        });
        let mut read = self.read.subscribe();
        let all = read.wait_for(|read| read.values().all(|done| *done >= generation));
        // Its sender lives in here, so only time can end the wait.
        if timeout_at(deadline, all).await.is_ok() {
            return Vec::new();
        }
        let late = self.read.borrow();
        late.iter().filter(|(_, done)| **done < generation).map(|(source, _)| source.clone()).collect()
    }
}

/// What a reader waits for beside its ticks.
#[derive(Debug)]
pub(super) struct Reader {
    looks: watch::Receiver<Option<Duration>>,
    asked: watch::Receiver<u64>,
    read: watch::Sender<BTreeMap<String, u64>>,
    source: String,
    app: Option<Arc<Began>>,
}

impl Reader {
    /// Comes when a flush is asked for, or, where there are looks, when it is time for one: sooner while the
    /// source never answered, and at once when the pace changes.
    pub(super) async fn asks(&mut self, looks: bool, answered: bool) -> Why {
        let every = *self.looks.borrow_and_update();
        let pause = async {
            match every.filter(|_| looks) {
                Some(every) if answered => tokio::time::sleep(every).await,
                Some(every) => tokio::time::sleep(every / 10).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Ok(()) = self.asked.changed() => Why::Push,
            Ok(()) = self.looks.changed(), if looks => Why::Look,
            () = pause => Why::Look,
        }
    }

    /// A snapshot with what the agent knows of the app that it shows.
    pub(super) fn dated(&self, mut snapshot: Snapshot) -> Snapshot {
        let app = self.app.as_ref().filter(|app| app.groups.contains(&snapshot.key));
        snapshot.counters.since = app.map(|app| app.at);
        snapshot
    }

    /// Whether there are looks.
    pub(super) fn looks(&self) -> bool {
        self.looks.borrow().is_some()
    }

    /// The flush that a reading which begins now answers.
    pub(super) fn generation(&mut self) -> u64 {
        *self.asked.borrow_and_update()
    }

    /// A reading was handed on.
    pub(super) fn done(&self, generation: u64) {
        self.read.send_if_modified(|read| match read.get_mut(&self.source) {
            Some(done) if *done < generation => {
                *done = generation;
                true
            }
            _ => false,
        });
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.read.send_modify(|read| {
            read.remove(&self.source);
        });
    }
}
