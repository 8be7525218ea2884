//! Targets that come and go: addresses of a name, or the entries of a list that somebody else keeps.
//!
//! While nobody answers, the last answer holds: its targets are then found to be up or down like any other.

mod claims;
mod dns;
mod files;
mod groups;
mod list;
mod succession;
mod web;

pub use claims::Claims;
pub use dns::Name;
pub use list::List;

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

/// Something that knows of targets.
#[derive(Debug)]
pub enum Finder {
    /// The addresses of a name.
    Name(Box<Name>),
    /// A list that somebody else keeps.
    List(Box<List>),
}

impl Finder {
    /// What is new and what is gone since the last look. Given up before its end, nothing was looked at.
    async fn look(&mut self) -> Vec<Change> {
        match self {
            Self::Name(name) => name.look().await,
            Self::List(list) => list.look().await,
        }
    }

    /// How long it is between two looks.
    fn every(&self, interval: Duration) -> Duration {
        match self {
            Self::Name(_) => interval,
            Self::List(list) => list.every(),
        }
    }

    /// Looks at once and then again and again, until `stop`; what changed goes to `changes`. Gives itself back.
    pub async fn watch(
        mut self,
        interval: Duration,
        changes: Sender<Vec<Change>>,
        stop: CancellationToken,
    ) -> Self {
        let mut ticks = tokio::time::interval(self.every(interval));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let looking = async {
                ticks.tick().await;
                self.look().await
            };
            // Nothing that is known here may be lost on its way, so only looking is cut short.
            let Some(found) = stop.run_until_cancelled(looking).await else { return self };
            let (began, pause) = (Instant::now(), pause(found.len(), interval));
            let mut news = Vec::new();
            for (at, change) in (0..).zip(found) {
                if at >= AT_ONCE && matches!(change, Change::Join(_)) {
                    if changes.send(std::mem::take(&mut news)).await.is_err() {
                        return self;
                    }
                    stop.run_until_cancelled(tokio::time::sleep_until(began + pause * at)).await;
                }
                news.push(change);
            }
            if !news.is_empty() && changes.send(news).await.is_err() {
                return self;
            }
        }
    }

    /// Looks once; the targets that there are now.
    pub async fn find(&mut self) -> Vec<Box<dyn Source>> {
        self.look().await.into_iter().filter_map(Change::joined).collect()
    }

    /// What was wrong at the last look, with what was looked at.
    pub(crate) fn failure(&self) -> Option<String> {
        match self {
            Self::Name(name) => name.failure(),
            Self::List(list) => list.failure(),
        }
    }
}

/// Between two new targets.
fn pause(changes: usize, interval: Duration) -> Duration {
    interval / u32::try_from(changes).unwrap_or(u32::MAX).max(1)
}
