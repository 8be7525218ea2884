//! Reading one source: at once, at each tick, and a last time at the end.

use tokio_util::sync::CancellationToken;

use super::Times;
use super::ticks::Ticks;
use crate::snapshot::Snapshot;
use crate::sources::Source;

/// Reads until the source leaves or all ends; says whether the last reading worked out.
pub(super) async fn read(
    mut source: Box<dyn Source>,
    times: Times,
    deliver: impl Fn(Snapshot),
    stop: CancellationToken,
    leave: CancellationToken,
) -> bool {
    let mut ticks = Ticks::new(times.interval, times.seed, source.name());
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => break,
            () = leave.cancelled() => {}
            () = ticks.tick() => {}
        }
        // What is under way when the stop comes is given up for the last reading.
        tokio::select! {
            () = stop.cancelled() => break,
            () = leave.cancelled() => {
                source.gone().map(&deliver);
                return true;
            }
            snapshot = source.collect() => deliver(snapshot),
        }
    }
    // Half of the grace for reading leaves half for sending.
    let longest = times.grace / 2;
    let last = match tokio::time::timeout(longest, source.collect()).await {
        Ok(snapshot) => Some(snapshot),
        Err(_) => source.late(longest),
    };
    let Some(snapshot) = last else { return false };
    deliver(Snapshot { last: true, ..snapshot });
    true
}
