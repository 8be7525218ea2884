//! Remote write: every sample of every source, in order, kept until its receiver has it.
//!
//! ```text
//! Snapshot ─► Queue ─► Feed ─► Spool ─► Worker, one a shard ─► POST
//!                      └ state: what the samples are  └ exchange, bisect: until taken or refused
//! ```
//!
//! What reached the spool is sent whatever becomes of the agent; a reading is in the spool some milliseconds
//! after it was made. A series is always of the same shard, a shard has one request under way, and a request
//! is over when its samples are taken or refused for good: so no series overtakes itself.

mod client;
mod dialogue;
mod feed;
mod gather;
mod hunger;
mod intake;
mod look;
mod senders;
mod shared;
mod size;
mod sorting;
pub mod state;
mod tag;
mod typed;
mod worker;

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::time::Instant;

use crate::config::RemoteWrite;
use crate::snapshot::Snapshot;
use crate::spool::{OpenError, Spool};
use crate::stats::Stats;
use feed::Feed;
use intake::Item;
pub(crate) use look::{Written, look};
pub(crate) use senders::{Rest, Senders};
pub(crate) use shared::{Seen, Shared};

/// One receiver, from where readings go in to where its senders are.
#[derive(Debug, Clone)]
pub struct Receiver(pub(crate) Arc<Shared>, Arc<Mutex<Feed>>);

impl Receiver {
    /// Opens its spool, and begins to fill it. Nothing is sent before `Senders::run`, and nobody looked at any
    /// source before `since`.
    ///
    /// # Errors
    ///
    /// Where the spool's directory is another's, or cannot be used, or there is no thread to fill it.
    pub fn open(
        settings: &RemoteWrite,
        stats: &Arc<Stats>,
        since: SystemTime,
    ) -> Result<(Self, Senders), OpenError> {
        let spool = Spool::open(settings.spool.settings())?;
        stats.writes.endpoint(&settings.label());
        let (shared, feed, senders) =
            Senders::new(settings, spool, stats, since).map_err(OpenError::Thread)?;
        Ok((Self(shared, feed), senders))
    }

    /// Its name.
    pub fn endpoint(&self) -> &str {
        &self.0.label
    }

    /// Takes a reading, never waits.
    pub fn offer(&self, snapshot: Arc<Snapshot>) {
        let shared = &self.0;
        match shared.queue.offer(snapshot, !shared.is_kept) {
            Ok(None) => {}
            Ok(Some((item, hand))) => {
                let mut feed = feed::lock(&self.1);
                if feed.is_much(&item) {
                    hand.give_back(item);
                } else {
                    feed.take(item);
                }
            }
            Err(samples) => {
                shared.stats.writes.dropped(&shared.label, "intake", samples as u64);
                shared.failing("intake", "the spool takes readings too slowly, and some are given up");
            }
        }
    }

    /// The agent ends: last readings from now on are the last of all.
    pub fn ends(&self) {
        self.0.queue.ends();
        self.0.ends();
    }

    /// Nothing comes after this process for a long time: a receiver that is away is tried until the end of all,
    /// though what waits is on disk.
    pub fn insists(&self) {
        self.0.insists();
    }

    /// Samples that it has refused for good since the agent ends.
    pub(crate) fn refused_at_the_end(&self) -> u64 {
        self.0.refused_at_the_end()
    }

    /// Goes on under other settings, but for those of the spool.
    pub fn alter(&self, settings: &RemoteWrite) {
        self.0.queue.put(Item::Alter(Box::new(settings.clone())));
        self.0.settings.send_replace(Arc::new(settings.clone()));
    }

    /// Asks at once, in place of after a minute, where the agent was not let in.
    pub(crate) fn let_in(&self) {
        if self.0.seen().held {
            // The shards begin anew, under the settings that they have.
            self.0.settings.send_modify(|_| {});
        }
    }

    /// No more readings will come, and what is not sent by `end` is not sent by this process.
    pub fn close(&self, end: Instant) {
        self.0.ends();
        self.0.ends_by(end);
        self.0.queue.put(Item::End);
    }

    /// How it goes.
    pub(crate) fn seen(&self) -> Seen {
        self.0.seen()
    }

    /// Waits until all that was offered is sent, no longer than `deadline`; the samples that are not.
    pub async fn settled(&self, deadline: Instant) -> u64 {
        self.0.settled(deadline).await
    }
}
