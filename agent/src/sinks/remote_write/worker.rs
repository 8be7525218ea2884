//! One shard: reads what waits, sends it, one request at a time, until the receiver has taken or refused it.

mod ask;
mod deliver;
mod exchange;
mod refusals;
mod waits;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::client::Client;
use super::gather::{Part, Place, fitting, samples};
use super::senders::whole;
use super::tag::Lanes;
use crate::backoff::Backoff;
use crate::config::RemoteWrite;

/// The sender of one shard.
pub(super) struct Worker {
    shared: Arc<Shared>,
    settings: Arc<RemoteWrite>,
    client: Arc<Client>,
    /// Its number.
    at: u16,
    /// How many there are.
    shards: u16,
    /// Nothing waited that it did not read.
    has_all: bool,
    /// What it has read and not sent.
    left: Vec<Part>,
    /// Taken out while it is where blocking is allowed.
    place: Option<Place>,
    backoff: Backoff,
    /// Requests that were refused since one was taken, and the pauses between them.
    refusals: usize,
    pause: Backoff,
    /// A receiver has taken something of it: what comes now was not sent before.
    is_new: bool,
    /// The last answer said that we are not let in.
    held: bool,
    /// To end after the request that is under way.
    stop: CancellationToken,
}

/// Why a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was told to.
    Stopped,
    /// Nothing waits and nothing more will come.
    Empty,
    /// The end of all came before everything was sent.
    Left,
}

impl Worker {
    pub(super) fn new(
        shared: &Arc<Shared>,
        settings: &Arc<RemoteWrite>,
        client: &Arc<Client>,
        (lanes, at): (Lanes, u16),
        stop: CancellationToken,
    ) -> Self {
        Self {
            shared: Arc::clone(shared),
            settings: Arc::clone(settings),
            client: Arc::clone(client),
            at,
            shards: lanes.count,
            has_all: false,
            left: Vec::new(),
            place: Some(Place::new(shared, lanes, at)),
            backoff: Backoff::default(),
            refusals: 0,
            pause: Backoff::default(),
            is_new: false,
            held: false,
            stop,
        }
    }

    /// Where blocking is allowed.
    async fn apart<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Place, &Shared) -> T + Send + 'static,
    ) -> Option<T> {
        let (mut place, shared) = (self.place.take()?, Arc::clone(&self.shared));
        let done = tokio::task::spawn_blocking(move || {
            let output = work(&mut place, &shared);
            (place, output)
        });
        let (place, output) = whole(done.await)?;
        self.place = Some(place);
        Some(output)
    }

    /// The same where nothing blocks, as there is no disk.
    fn here<T>(&mut self, work: impl FnOnce(&mut Place, &Shared) -> T) -> Option<T> {
        let shared = Arc::clone(&self.shared);
        self.place.as_mut().map(|place| work(place, &shared))
    }

    /// Sends until it is told to stop, or all ends.
    pub(super) async fn run(mut self) -> End {
        loop {
            match self.gather().await {
                Ok(parts) => match self.deliver(parts).await {
                    None => {}
                    Some(end) => return end,
                },
                Err(end) => return end,
            }
        }
    }

    /// Waits for something to send, and a little for more to go with it.
    async fn gather(&mut self) -> Result<Vec<Part>, End> {
        let mut changes = self.shared.changes.subscribe();
        let mut parts = std::mem::take(&mut self.left);
        if self.has_all && !self.shared.closing() && !self.shared.is_urgent() {
            self.rest_of(&mut changes, &parts).await;
        }
        loop {
            changes.borrow_and_update();
            // Asked before it is looked: what came last is seen then.
            let closing = self.shared.closing();
            let most = self.shared.samples_per_send(&self.settings);
            self.shared.hunger(self.at).looks();
            let reading = move |place: &mut Place, shared: &Shared| {
                let is_full = place.read(shared, &mut parts, most);
                (parts, is_full)
            };
            let is_quick = self.shared.spool.is_loose();
            let read = if is_quick { self.here(reading) } else { self.apart(reading).await };
            let Some((read, is_full)) = read else { return Err(End::Left) };
            parts = read;
            // What could not be read, or not yet by one of several, it is not told of again.
            let records = parts.iter().filter(|part| part.receipt.is_some()).count() as u64;
            self.has_all = self.shards == 1 && self.shared.spool.waiting() <= records;
            if self.stop.is_cancelled() {
                return Err(End::Stopped);
            }
            let due = parts.first().map(|part| self.due(part.time_ms));
            if !parts.is_empty()
                && (is_full
                    || closing
                    || self.shared.is_urgent()
                    || due.is_some_and(|due| due <= Instant::now()))
            {
                if is_full && !closing && !self.shared.is_urgent() {
                    // A record that does not go along would be a small request of its own.
                    self.left = parts.split_off(fitting(&parts, most));
                }
                return Ok(parts);
            }
            if parts.is_empty() && closing {
                return Err(End::Empty);
            }
            self.rest_of(&mut changes, &parts).await;
        }
    }

    /// Waits for what may go along with these.
    async fn rest_of(&self, changes: &mut watch::Receiver<u64>, parts: &[Part]) {
        let Some(first) = parts.first() else { return self.first(changes).await };
        let more = self.shared.samples_per_send(&self.settings).saturating_sub(samples(parts));
        self.more(changes, more, Some(self.due(first.time_ms))).await;
    }

    /// Waits until something is there, and then a little for what is read together with it.
    async fn first(&self, changes: &mut watch::Receiver<u64>) {
        self.more(changes, 1, None).await;
        // Asked after what came last was seen: what comes now is told.
        if let Some(since_ms) = self.shared.hunger(self.at).since_ms()
            && !self.shared.closing()
            && !self.shared.is_urgent()
        {
            let most = self.shared.samples_per_send(&self.settings);
            self.more(changes, most, Some(self.due(since_ms))).await;
        }
    }

    /// Waits until so many samples more are there, or it is time, or something else has changed.
    async fn more(&self, changes: &mut watch::Receiver<u64>, samples: usize, due: Option<Instant>) {
        if self.shared.hunger(self.at).waits(samples) {
            return;
        }
        let more = async {
            tokio::select! {
                news = changes.changed() => drop(news),
                () = self.stop.cancelled() => {}
            }
        };
        match due {
            Some(due) => drop(timeout_at(due, more).await),
            None => more.await,
        }
    }

    /// When what waits is not to wait for others any longer.
    fn due(&self, spooled_ms: i64) -> Instant {
        Instant::now() + still_to_wait(spooled_ms, SystemTime::now(), self.settings.batch_deadline)
    }
}

/// How long what was spooled at a time waits for company. A time that is still to come is of a clock that was
/// set back since: nobody knows how long it has waited.
fn still_to_wait(spooled_ms: i64, now: SystemTime, deadline: Duration) -> Duration {
    let spooled = Duration::from_millis(u64::try_from(spooled_ms).unwrap_or(0));
    let since = UNIX_EPOCH.checked_add(spooled).and_then(|spooled| now.duration_since(spooled).ok());
    deadline.saturating_sub(since.unwrap_or(deadline))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_the_future_is_due_at_once() {
        let (now, deadline) = (UNIX_EPOCH + Duration::from_secs(1000), Duration::from_secs(5));
        for (spooled_ms, want) in [
            (1_000_000, 5_000),
            (998_000, 3_000),
            (900_000, 0),
            (1_000_001, 0),
            (4_600_000, 0),
            (i64::MAX, 0),
            (-1, 0),
        ] {
            let waits = still_to_wait(spooled_ms, now, deadline);
            assert_eq!(waits, Duration::from_millis(want), "spooled at {spooled_ms}");
        }
    }
}
