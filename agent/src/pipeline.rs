//! The loops between sources and sinks, and their end.
//!
//! A source is read on its interval whatever the sinks do. At the end every source is read once
//! more, the intakes are closed, and the sinks send what is left, all within one grace.

mod read;
mod ticks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use exposition::GroupingKey;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::intake::Intake;
use crate::sinks::Sink;
use crate::sinks::pull::Pull;
use crate::snapshot::Snapshot;
use crate::sources::Source;

/// Something that was not finished when the grace ran out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// A source could not be read a last time.
    Source(String),
    /// An endpoint did not take everything, or was not cleaned up.
    Endpoint {
        /// Which one.
        endpoint: String,
        /// Snapshots that it did not take.
        waiting: usize,
    },
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Source(source) => write!(f, "{source} was not read a last time"),
            Self::Endpoint { endpoint, waiting } => {
                write!(f, "{endpoint} did not take {waiting} snapshots or was not cleaned up")
            }
        }
    }
}

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
    pull: Arc<Pull>,
    intakes: Vec<Arc<Intake>>,
    sinks: Vec<JoinHandle<()>>,
    stop: CancellationToken,
) -> Vec<Left> {
    let grace = times.grace;
    let start = |source: Box<dyn Source>| {
        let (pull, intakes) = (Arc::clone(&pull), intakes.clone());
        let deliver = move |snapshot: Snapshot| {
            let snapshot = Arc::new(snapshot);
            pull.offer(Arc::clone(&snapshot));
            for intake in &intakes {
                intake.offer(Arc::clone(&snapshot));
            }
        };
        let leave = CancellationToken::new();
        let reader = read::read(source, times, deliver, stop.clone(), leave.clone());
        (leave, tokio::spawn(reader))
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
    let deadline = Instant::now() + grace;
    let mut left = Vec::new();
    for (name, (_, reader)) in readers {
        if !matches!(tokio::time::timeout_at(deadline, reader).await, Ok(Ok(true))) {
            left.push(Left::Source(name));
        }
    }
    for intake in &intakes {
        intake.close(deadline);
    }
    for (intake, mut sink) in intakes.iter().zip(sinks) {
        let in_time = tokio::time::timeout_at(deadline, &mut sink).await.is_ok();
        sink.abort();
        let waiting = intake.abandon();
        if !in_time || waiting > 0 {
            left.push(Left::Endpoint { endpoint: intake.endpoint().to_owned(), waiting });
        }
    }
    left
}

/// Sends what comes through the intake, one at a time, until it is closed and empty.
pub fn send(mut sink: impl Sink, intake: Arc<Intake>) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Some(snapshot) = intake.next(sink.ending()).await {
            let outcome = sink.send(&snapshot).await;
            intake.settle(snapshot, outcome);
        }
        sink.end().await;
    })
}
