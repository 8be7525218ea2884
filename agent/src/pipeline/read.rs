//! Reading one source: at once, at each tick, when asked to, and a last time at the end.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Times;
use super::hurry::Reader;
use super::readers::{Leave, Leaving};
use super::ticks::Ticks;
use crate::snapshot::Snapshot;
use crate::sources::Source;

/// What is done with a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It is pushed.
    Push,
    /// It is kept for the last push, and for pulls.
    Look,
}

/// Reads until the source leaves or all ends; says whether the last reading worked out.
pub(super) async fn read(
    mut source: Box<dyn Source>,
    mut times: watch::Receiver<Times>,
    deliver: impl Fn(Snapshot, Why),
    mut hurry: Reader,
    stop: CancellationToken,
    leave: Leave,
) -> bool {
    let mut now = *times.borrow_and_update();
    let mut ticks = Ticks::new(now.interval, now.seed, source.name());
    let looks = source.looks() && hurry.looks();
    let (mut is_up, mut answered) = (false, false);
    while !stop.is_cancelled() {
        let mut why = tokio::select! {
            () = stop.cancelled() => break,
            how = leave.told() => {
                farewell(source.as_ref(), how, &deliver);
                return true;
            }
            Ok(()) = times.changed() => {
                let before = std::mem::replace(&mut now, *times.borrow_and_update());
                if (before.interval, before.seed) != (now.interval, now.seed) {
                    ticks.change(now.interval, now.seed, source.name());
                }
                continue;
            }
            () = ticks.tick() => Why::Push,
            why = hurry.asks(looks, answered) => why,
        };
        let generation = hurry.generation();
        // What is under way when the stop comes is given up for the last reading.
        let snapshot = tokio::select! {
            () = stop.cancelled() => break,
            how = leave.told() => {
                farewell(source.as_ref(), how, &deliver);
                return true;
            }
            snapshot = source.collect() => hurry.dated(snapshot),
        };
        if snapshot.up && !is_up {
            // The first page of a short job may be its only one.
            why = Why::Push;
        }
        is_up = snapshot.up;
        answered |= is_up;
        if is_up || why == Why::Push {
            deliver(snapshot, why);
        }
        hurry.done(generation);
    }
    // Half of the grace for reading leaves half for sending.
    let longest = times.borrow().grace / 2;
    // An app under the agent has ended before this.
    let last = if hurry.looks() { source.collect() } else { source.last(longest) };
    let last = match tokio::time::timeout(longest, last).await {
        Ok(snapshot) => Some(snapshot),
        Err(_) => source.late(longest),
    };
    let Some(snapshot) = last else { return false };
    deliver(Snapshot { last: true, ..hurry.dated(snapshot) }, Why::Push);
    true
}

/// What is left to do for a source that leaves.
fn farewell(source: &dyn Source, how: Leaving, deliver: impl Fn(Snapshot, Why)) {
    if let Some(snapshot) = source.gone().filter(|_| how.ends) {
        deliver(snapshot, Why::Push);
    }
    if how.forgets {
        source.forget();
    }
}
