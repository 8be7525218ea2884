//! Targets that come and go: addresses of a name, or the entries of a list that somebody else keeps.
//!
//! While nobody answers, the last answer holds: its targets are then found to be up or down like any other.

mod claims;
mod dns;
mod files;
mod groups;
mod list;
mod web;

pub use claims::Claims;
pub use dns::Name;
pub use list::List;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::pipeline::Change;
use crate::sources::Source;

/// More targets than this are no fleet but a mistake, or somebody else's answer.
const MOST: usize = 1_000;
/// So many new targets are read at once; more are spread over an interval, or all their pages would be in
/// memory at the same moment.
const AT_ONCE: u32 = 20;

/// The future of one look.
pub type Looking<'a> = Pin<Box<dyn Future<Output = Vec<Change>> + Send + 'a>>;

/// Something that knows of targets.
pub trait Discover: Send {
    /// What is new and what is gone since the last look.
    fn look(&mut self) -> Looking<'_>;

    /// How long it is between two looks.
    fn every(&self) -> Duration;
}

/// Looks at once and then again and again, until `stop`; what changed goes to `changes`.
pub async fn watch(
    mut from: Box<dyn Discover>,
    interval: Duration,
    changes: Sender<Change>,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(from.every());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let looking = async {
        loop {
            ticks.tick().await;
            let found = from.look().await;
            let (began, pause) = (Instant::now(), pause(found.len(), interval));
            for (at, change) in (0..).zip(found) {
                if at >= AT_ONCE && matches!(change, Change::Join(_)) {
                    tokio::time::sleep_until(began + pause * at).await;
                }
                if changes.send(change).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = looking => {}
    }
}

/// Between two new targets.
fn pause(changes: usize, interval: Duration) -> Duration {
    interval / u32::try_from(changes).unwrap_or(u32::MAX).max(1)
}

/// Looks once; the targets that there are now.
pub async fn find(mut from: Box<dyn Discover>) -> Vec<Box<dyn Source>> {
    let joined = from.look().await.into_iter().filter_map(|change| match change {
        Change::Join(source) => Some(source),
        Change::Leave(_) => None,
    });
    joined.collect()
}
