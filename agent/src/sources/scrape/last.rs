//! The last scrape of an app that writes its last words to a file: they are worth a wait.
//!
//! Agent and app are told to stop at the same moment. The app may answer for a while still, and count; or
//! answer no more, and not have written yet.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::Scrape;
use super::exit::Exit;
use crate::snapshot::Snapshot;

/// Between two looks: some apps are gone ten milliseconds after they answered.
const PAUSE: Duration = Duration::from_millis(10);

impl Scrape {
    /// Scrapes until the app is gone and its file is there, or almost all of the time has passed.
    pub(super) async fn last_words(&mut self, longest: Duration) -> Snapshot {
        let before = self.exit.as_ref().filter(|_| self.is_up).map(Exit::since);
        // One that was gone before writes nothing any more.
        let Some(before) = before else { return self.snapshot().await };
        let until = Instant::now() + longest.mul_f64(0.9);
        let mut newest = None;
        while let Ok(snapshot) = timeout_at(until, self.snapshot()).await {
            let spoke = self.exit.as_ref().is_some_and(|exit| exit.was_written_since(before));
            let (up, good) = (snapshot.up, newest.take());
            // An app that was scraped after it wrote its file, or never wrote one: what was scraped last is the newest.
            let snapshot = if up || snapshot.pages.len() > 1 {
                snapshot
            } else {
                snapshot.with_values_of(good.as_ref())
            };
            if !up && spoke {
                return snapshot;
            }
            newest = Some(snapshot);
            if Instant::now() + PAUSE > until {
                break;
            }
            sleep(PAUSE).await;
        }
        match newest {
            Some(newest) => newest,
            None => self.snapshot().await,
        }
    }
}
