//! How many shards there are, and which of them are at work.

use std::sync::Arc;
use std::time::{Instant as Clock, SystemTime};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{DECIDE, Senders, TICK, whole};
use crate::config::RemoteWrite;
use crate::sinks::remote_write::client::Client;
use crate::sinks::remote_write::dialogue::Dialogue;
use crate::sinks::remote_write::intake::Item;
use crate::sinks::remote_write::tag::{Lanes, Tag};
use crate::sinks::remote_write::worker::Worker;
use crate::spool::Spool;

/// The shards of what waits from before: those to read first, and those to write for.
pub(super) fn from_before(spool: &Spool, first: Lanes) -> (Lanes, Lanes) {
    let of = |wanted: &dyn Fn(Lanes) -> bool| {
        let mut reader = spool.reader();
        let entry = spool.read(&mut reader, |tag| wanted(Tag::unpack(tag).lane));
        entry.map(|entry| Tag::unpack(entry.shard).lane)
    };
    let Some(front) = of(&|_| true) else { return (first, first) };
    // More than two turns are never there at once.
    let next = of(&|lane| lane.turn != front.turn);
    (front, next.unwrap_or(if front.count == first.count { front } else { front.next(first.count) }))
}

impl Senders {
    pub(super) fn start(&mut self) {
        self.stop = CancellationToken::new();
        let settings = Arc::clone(&self.shared.settings.borrow());
        for at in 0..self.lanes.count {
            let shard = (self.lanes, at);
            let worker = Worker::new(&self.shared, &settings, &self.client, shard, self.stop.clone());
            self.workers.spawn(worker.run());
        }
        self.shared.stats.writes.shards(&self.shared.label, self.lanes.count);
    }

    /// Ends all workers; a request that is under way ends as it began.
    pub(super) async fn halt(&mut self) {
        self.stop.cancel();
        while let Some(ended) = self.workers.join_next().await {
            whole(ended);
        }
    }

    pub(super) async fn altered(&mut self, settings: &mut watch::Receiver<Arc<RemoteWrite>>) {
        let (new, protocol) = {
            let new = settings.borrow_and_update();
            (Arc::clone(&new), new.protocol)
        };
        self.halt().await;
        self.client = Arc::new(Client::new(&new));
        *self.shared.dialogue() = Dialogue::new(protocol, Clock::now());
        // Whoever changed the settings wants to see what becomes of it.
        self.shared.leave_alone(None);
        self.start();
        let wanted = self.lanes.count.clamp(new.shards.min, new.shards.max);
        if wanted != self.lanes.count && *self.shared.lanes.borrow() == self.lanes {
            self.shared.queue.put(Item::Shards(wanted));
        }
    }

    /// Goes over to the shards that are written for, once nothing of those before waits; whether it did.
    pub(super) async fn turn(&mut self) -> bool {
        let writing = *self.shared.lanes.borrow();
        if writing == self.lanes {
            return false;
        }
        let (shared, old) = (Arc::clone(&self.shared), self.lanes.turn);
        let looked = tokio::task::spawn_blocking(move || {
            let mut reader = shared.spool.reader();
            shared.spool.read(&mut reader, |tag| Tag::unpack(tag).lane.turn == old).is_none()
        });
        if !whole(looked.await).unwrap_or(false) {
            return false;
        }
        self.halt().await;
        self.lanes = writing;
        self.start();
        true
    }

    pub(super) async fn tend(&mut self) {
        let shared = Arc::clone(&self.shared);
        let tended = tokio::task::spawn_blocking(move || {
            shared.spool.tend(SystemTime::now());
            shared.look();
        });
        whole(tended.await);
        self.turn().await;
    }

    /// More shards where they are busy and samples wait, fewer where they are not; only once the shards of
    /// the last change are the ones in use.
    pub(super) fn decide(&mut self) {
        let settings = Arc::clone(&self.shared.settings.borrow());
        let (count, bounds) = (self.lanes.count, settings.shards);
        let share = self.shared.was_busy().as_secs_f64() / (TICK * DECIDE).as_secs_f64() / f64::from(count);
        if *self.shared.lanes.borrow() != self.lanes {
            return;
        }
        let waiting = self.shared.seen().spool.pending.samples;
        let waits = waiting > 2 * settings.max_samples_per_send as u64;
        let is_idle = share < 0.2 && !waits;
        self.idle = if is_idle { self.idle + 1 } else { 0 };
        let wanted = if share > 0.8 && waits && !self.shared.is_failing() {
            count.saturating_mul(2)
        } else if self.idle >= 6 {
            self.idle = 0;
            count / 2
        } else {
            count
        };
        let wanted = wanted.clamp(bounds.min, bounds.max);
        if wanted != count {
            tracing::info!(about = self.shared.label, from = count, to = wanted, "shards");
            self.shared.queue.put(Item::Shards(wanted));
        }
    }
}
