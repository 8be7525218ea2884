//! The loops between sources and sinks, and their end.
//!
//! A source is read on its interval whatever the sinks do. At the end every source is read once
//! more, the intakes are closed, and the sinks send what is left, all within one grace. A task that
//! dies ends the agent: half of an agent would look like a whole one.

mod hurry;
mod keep;
mod left;
mod read;
mod ticks;

pub use hurry::Hurry;
pub use left::Left;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use exposition::GroupingKey;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::intake::{Intake, Rest};
use crate::sinks::Sink;
use crate::sinks::pull::Pull;
use crate::snapshot::Snapshot;
use crate::sources::Source;
use keep::Keep;
use read::Why;

/// Stands for a grace that no clock can count.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// A source that comes or goes while the agent runs.
pub enum Change {
    /// It is read from now on.
    Join(Box<dyn Source>),
    /// The one of this name is gone: its group is ended as the settings say.
    Leave(String),
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Join(source) => write!(f, "Join({})", source.name()),
            Self::Leave(name) => write!(f, "Leave({name})"),
        }
    }
}

/// How often sources are read, and how long the end may take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Between two readings.
    pub interval: Duration,
    /// For the end of everything.
    pub grace: Duration,
    /// What tells this agent from others, so that they do not all read at the same moment.
    pub seed: u64,
}

impl Times {
    /// For the agent with this key.
    pub fn new(interval: Duration, grace: Duration, own: &GroupingKey) -> Self {
        Self { interval, grace, seed: ticks::hash(0, &own.to_string()) }
    }
}

/// Runs all sources until `stop`, then ends everything within the grace.
pub async fn run(
    times: Times,
    sources: Vec<Box<dyn Source>>,
    mut changes: Receiver<Change>,
    hurry: &Hurry,
    pull: Arc<Pull>,
    ways: Vec<Way>,
    stop: CancellationToken,
) -> Vec<Left> {
    let grace = times.grace;
    let intakes: Vec<Arc<Intake>> = ways.iter().map(|way| Arc::clone(&way.intake)).collect();
    let start = |source: Box<dyn Source>| {
        let (pull, intakes) = (Arc::clone(&pull), intakes.clone());
        let (ends, hurry, keep) = (stop.clone(), hurry.reader(source.name()), Keep::default());
        let looks = source.looks() && hurry.looks();
        let deliver = move |snapshot: Snapshot, why: Why| {
            let stay = looks || (snapshot.last && ends.is_cancelled());
            let snapshot = keep.on(snapshot, stay);
            pull.offer(Arc::clone(&snapshot));
            if why == Why::Look {
                return;
            }
            for intake in &intakes {
                if ends.is_cancelled() {
                    intake.ends();
                }
                intake.offer(Arc::clone(&snapshot));
            }
        };
        let leave = CancellationToken::new();
        let reader = read::read(source, times, deliver, hurry, stop.clone(), leave.clone());
        (leave, guarded(reader, &stop))
    };
    let mut readers: BTreeMap<String, _> =
        sources.into_iter().map(|source| (source.name().to_owned(), start(source))).collect();
    loop {
        let change = tokio::select! {
            () = stop.cancelled() => break,
            Some(change) = changes.recv() => change,
        };
        match change {
            Change::Join(source) => drop(readers.insert(source.name().to_owned(), start(source))),
            Change::Leave(name) => {
                let Some((leave, reader)) = readers.remove(&name) else { continue };
                leave.cancel();
                // It gives up what is under way, so this does not wait for a slow target.
                let _ = reader.await;
                pull.forget(&name);
            }
        }
    }
    let now = Instant::now();
    let deadline = now.checked_add(grace).unwrap_or(now + LONGEST);
    let mut left = Vec::new();
    for (whose, (_, reader)) in readers {
        match tokio::time::timeout_at(deadline, reader).await {
            Ok(Ok(true)) => {}
            Ok(Err(error)) => left.push(Left::Died { whose, why: error.to_string() }),
            _ => left.push(Left::Source(whose)),
        }
    }
    for intake in &intakes {
        intake.close(deadline);
    }
    for Way { intake, sending } in ways {
        finish(&intake, sending, deadline, &mut left).await;
    }
    left
}

/// Waits for a sink, and notes what it leaves.
async fn finish(intake: &Intake, mut sink: JoinHandle<usize>, deadline: Instant, left: &mut Vec<Left>) {
    let endpoint = || intake.endpoint().to_owned();
    match tokio::time::timeout_at(deadline, &mut sink).await {
        Ok(Ok(0)) => {}
        Ok(Ok(groups)) => left.push(Left::Kept { endpoint: endpoint(), groups }),
        Ok(Err(error)) => left.push(Left::Died { whose: endpoint(), why: error.to_string() }),
        Err(_) => left.push(Left::Late { endpoint: endpoint() }),
    }
    sink.abort();
    let Rest { waiting: snapshots, refused: groups } = intake.abandon();
    if snapshots > 0 {
        left.push(Left::Waiting { endpoint: endpoint(), snapshots });
    }
    if groups > 0 {
        left.push(Left::Refused { endpoint: endpoint(), groups });
    }
}

/// A way to an endpoint: what comes through the intake is sent, one at a time, until it is closed and empty.
#[derive(Debug)]
pub struct Way {
    intake: Arc<Intake>,
    /// Ends with how many groups were to be deleted and are still there.
    sending: JoinHandle<usize>,
}

impl Way {
    /// Begins to send.
    pub fn to(mut sink: impl Sink, intake: Arc<Intake>, stop: &CancellationToken) -> Self {
        let from = Arc::clone(&intake);
        let sending = async move {
            while let Some(snapshot) = from.next(sink.ending()).await {
                let outcome = sink.send(&snapshot).await;
                from.settle(snapshot, outcome);
            }
            sink.end().await
        };
        Self { intake, sending: guarded(sending, stop) }
    }

    /// Where snapshots go in.
    pub fn intake(&self) -> Arc<Intake> {
        Arc::clone(&self.intake)
    }
}

/// A task whose death, other than its end, stops everything.
fn guarded<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
    stop: &CancellationToken,
) -> JoinHandle<T> {
    let guard = stop.clone().drop_guard();
    tokio::spawn(async move {
        let output = task.await;
        guard.disarm();
        output
    })
}
