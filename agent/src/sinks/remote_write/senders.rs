//! The shards of one receiver: they begin, become more or fewer, go on under other settings, and end.

mod shards;

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::feed::{self, Feed};
use super::shared::Shared;
use super::tag::Lanes;
use super::worker::End;
use crate::config::RemoteWrite;
use crate::spool::Spool;
use crate::stats::Stats;
use shards::from_before;

/// Between two looks at the spool.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two decisions on the number of shards.
const DECIDE: u32 = 10;
/// What waits on a disk is not worth a longer end than this.
const LAST: Duration = Duration::from_secs(4);

/// What a receiver leaves at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    /// Samples that it did not take.
    pub(crate) samples: u64,
    /// They are on disk, and sent when the agent is there again.
    pub(crate) is_kept: bool,
}

/// What a task came to; none where it was stopped. One that died takes the agent with it: half of a sender would
/// look like a whole one.
pub(super) fn whole<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended {
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        ended => ended.ok(),
    }
}

/// The senders of one receiver.
pub struct Senders {
    shared: Arc<Shared>,
    feed: Option<JoinHandle<()>>,
    /// It is done.
    fed: bool,
    /// The shards that are read for now.
    lanes: Lanes,
    workers: JoinSet<End>,
    stop: CancellationToken,
    client: Arc<Client>,
    idle: u32,
}

impl std::fmt::Debug for Senders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Senders").field("shared", &self.shared.label).finish_non_exhaustive()
    }
}

impl Senders {
    /// With the thread that fills the spool; an error where there can be none.
    pub(super) fn new(
        settings: &RemoteWrite,
        spool: Spool,
        stats: &Arc<Stats>,
        since: SystemTime,
    ) -> io::Result<(Arc<Shared>, Arc<Mutex<Feed>>, Self)> {
        let first = Lanes { turn: false, count: settings.shards.min };
        let (reading, writing) = from_before(&spool, first);
        let shared = Arc::new(Shared::new(settings, spool, writing, stats));
        let filling = Arc::new(Mutex::new(Feed::new(Arc::clone(&shared), settings.clone(), writing, since)));
        let (of, feed) = (Arc::clone(&shared), Arc::clone(&filling));
        let feed =
            std::thread::Builder::new().name("spool".to_owned()).spawn(move || feed::run(&of, &feed))?;
        let senders = Self {
            client: Arc::new(Client::new(settings)),
            shared: Arc::clone(&shared),
            fed: false,
            feed: Some(feed),
            lanes: reading,
            workers: JoinSet::new(),
            stop: CancellationToken::new(),
            idle: 0,
        };
        Ok((shared, filling, senders))
    }

    /// The thread that fills the spool: where it died, the agent does, too.
    fn mind_the_feed(&mut self) {
        if self.feed.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(Err(panic)) = self.feed.take().map(JoinHandle::join)
        {
            std::panic::resume_unwind(panic);
        }
    }

    /// Sends until all ends.
    pub(crate) async fn run(mut self) -> Rest {
        let shared = Arc::clone(&self.shared);
        let mut settings = shared.settings.subscribe();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut count = 0_u32;
        self.start();
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    count += 1;
                    self.mind_the_feed();
                    self.tend().await;
                    if count.is_multiple_of(DECIDE) {
                        self.decide();
                    }
                }
                () = shared.fed.notified() => self.fed = true,
                Ok(()) = settings.changed() => self.altered(&mut settings).await,
                Some(ended) = self.workers.join_next() => match whole(ended) {
                    _ if self.shared.closing() && self.workers.is_empty() && !self.turn().await => break,
                    _ => {}
                },
            }
            self.close_when_fed();
            if self.shared.closing() && self.workers.is_empty() {
                break;
            }
        }
        let looked = tokio::task::spawn_blocking(move || {
            shared.spool.sync(SystemTime::now());
            shared.look()
        });
        self.mind_the_feed();
        let seen = whole(looked.await).unwrap_or_default();
        let is_kept = self.shared.is_kept && seen.in_memory.records == 0;
        Rest { samples: seen.pending.samples.max(u64::from(seen.pending.records > 0)), is_kept }
    }

    /// Once the last reading is spooled, the senders end when nothing is left, or at the end of all.
    fn close_when_fed(&mut self) {
        let end = *self.shared.end.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(end) = end.filter(|_| !self.shared.closing()) else { return };
        if self.fed || self.feed.as_ref().is_none_or(JoinHandle::is_finished) {
            let last = if self.shared.may_wait() { end.min(Instant::now() + LAST) } else { end };
            self.shared.closing.send_replace(Some(last));
            self.shared.changed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thread_that_dies_takes_its_senders_with_it() {
        let settings: RemoteWrite = toml::from_str("url = \"http://127.0.0.1:1/w\"").unwrap();
        let spool = Spool::open(settings.spool.settings()).unwrap();
        let (shared, _, mut senders) =
            Senders::new(&settings, spool, &Arc::new(Stats::new().unwrap()), SystemTime::now()).unwrap();
        let dead = std::thread::spawn(|| panic!("the disk is on fire"));
        let feed = senders.feed.replace(dead);
        let error = tokio::spawn(senders.run()).await.unwrap_err();
        assert!(error.is_panic(), "{error}");
        shared.queue.put(crate::sinks::remote_write::intake::Item::End);
        feed.unwrap().join().unwrap();
        let worker = tokio::task::spawn_blocking(|| panic!("so is this one")).await;
        let error = tokio::spawn(async { whole::<()>(worker) }).await.unwrap_err();
        assert!(error.is_panic(), "{error}");
    }
}
