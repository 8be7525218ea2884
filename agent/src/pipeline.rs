//! The loops between sources and sinks, and their end.
//!
//! A source is read on its interval whatever the sinks do. At the end every source is read once
//! more, the intakes are closed, and the sinks send what is left, all within one grace. A task that
//! dies ends the agent: half of an agent would look like a whole one.

mod hurry;
mod keep;
mod left;
mod read;
mod readers;
mod ticks;
mod ways;
mod writes;

pub use hurry::Hurry;
pub use left::Left;
pub use readers::Leaving;
pub use ways::{Way, Ways};
pub use writes::Write;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use exposition::GroupingKey;
use tokio::sync::mpsc::Receiver;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::{Endpoint, RemoteWrite};
use crate::sinks::pull::Pull;
use crate::sources::Source;
use crate::stats::Stats;
use readers::Readers;
use writes::Writes;

/// Stands for a grace that no clock can count.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// What comes, goes or changes while the agent runs. Several are made one after the other, with nothing
/// between them.
pub enum Change {
    /// A source is read from now on.
    Join(Box<dyn Source>),
    /// The source of this name is not read any more. Where its group ends, it ends as the settings say.
    Leave(String, Leaving),
    /// How often sources are read, and how long the end may take.
    Times(Times),
    /// An endpoint is pushed to from now on.
    Open(Way),
    /// An endpoint is pushed to in another way.
    Alter(Box<Endpoint>),
    /// An endpoint gets what waits for it, within the grace, and is then forgotten.
    Close(String, Arc<Stats>),
    /// A receiver of remote write is written to from now on.
    OpenWrite(Write),
    /// A receiver is written to in another way.
    AlterWrite(Box<RemoteWrite>),
    /// A receiver gets what waits for it, within the grace, and is then forgotten.
    CloseWrite(String, Arc<Stats>),
    /// Whoever did not let the agent in is asked again at once.
    LetIn,
    /// All before it are made.
    Done(oneshot::Sender<()>),
}

impl Change {
    /// The source of this name is gone for good, and its group ends.
    pub fn gone(name: String) -> Self {
        Self::Leave(name, Leaving { ends: true, forgets: true })
    }

    /// The source that comes, if one does.
    pub(crate) fn joined(self) -> Option<Box<dyn Source>> {
        match self {
            Self::Join(source) => Some(source),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Join(source) => write!(f, "Join({})", source.name()),
            Self::Leave(name, how) => write!(f, "Leave({name}, {how:?})"),
            Self::Times(times) => write!(f, "Times({times:?})"),
            Self::Open(way) => write!(f, "Open({})", way.intake().endpoint()),
            Self::Alter(endpoint) => write!(f, "Alter({})", endpoint.label()),
            Self::Close(name, _) => write!(f, "Close({name})"),
            Self::OpenWrite(write) => write!(f, "OpenWrite({})", write.receiver().endpoint()),
            Self::AlterWrite(receiver) => write!(f, "AlterWrite({})", receiver.label()),
            Self::CloseWrite(name, _) => write!(f, "CloseWrite({name})"),
            Self::LetIn => f.write_str("LetIn"),
            Self::Done(_) => f.write_str("Done"),
        }
    }
}

/// How often sources are read, and how long the end may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    mut changes: Receiver<Vec<Change>>,
    hurry: &Hurry,
    pull: Arc<Pull>,
    (mut ways, writes): (Ways, Vec<Write>),
    stop: CancellationToken,
) -> Vec<Left> {
    let mut writes = Writes::new(writes, ways.intakes());
    let mut readers = Readers {
        times: watch::Sender::new(times),
        hurry: hurry.clone(),
        pull: Arc::clone(&pull),
        intakes: ways.intakes(),
        stop: stop.clone(),
        running: BTreeMap::new(),
    };
    for source in sources {
        readers.start(source);
    }
    loop {
        let changes = tokio::select! {
            () = stop.cancelled() => break,
            Some(changes) = changes.recv() => changes,
        };
        for change in changes {
            match change {
                Change::Join(source) => readers.start(source),
                Change::Leave(name, how) => readers.leave(&name, how).await,
                Change::Times(times) => {
                    readers.retime(times);
                    ways.intakes().all().iter().for_each(|intake| intake.wait_at_most(times.interval));
                }
                Change::Open(way) => {
                    let intake = way.intake();
                    ways.open(way).await;
                    // Not only after an interval: what is known already is news there.
                    pull.newest().into_iter().for_each(|snapshot| intake.offer(snapshot));
                }
                Change::Alter(endpoint) => ways.alter(&endpoint),
                Change::Close(name, stats) => ways.close(&name, deadline(&readers), stats),
                Change::OpenWrite(write) => writes.open(write),
                Change::AlterWrite(settings) => writes.alter(&settings),
                Change::CloseWrite(name, stats) => writes.close(&name, deadline(&readers), stats),
                Change::LetIn => {
                    ways.let_in();
                    writes.let_in();
                }
                Change::Done(done) => drop(done.send(())),
            }
        }
    }
    let deadline = deadline(&readers);
    let mut left = readers.end(deadline).await;
    let (pushed, written) = tokio::join!(ways.end(deadline), writes.end(deadline));
    left.extend(pushed);
    left.extend(written);
    left
}

/// When what ends now is over.
fn deadline(readers: &Readers) -> Instant {
    let (now, grace) = (Instant::now(), readers.times.borrow().grace);
    now.checked_add(grace).unwrap_or(now + LONGEST)
}

/// A task whose death, other than its end, stops everything, unless it is `off` by then.
fn guarded<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
    stop: &CancellationToken,
    off: &CancellationToken,
) -> JoinHandle<T> {
    let guard = Guard { stop: stop.clone(), off: off.clone() };
    tokio::spawn(async move {
        let output = task.await;
        guard.off.cancel();
        output
    })
}

struct Guard {
    stop: CancellationToken,
    off: CancellationToken,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.off.is_cancelled() {
            self.stop.cancel();
        }
    }
}
