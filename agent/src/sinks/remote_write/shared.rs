//! What the parts of one receiver's way share.

mod said;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Clock};

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use super::dialogue::Dialogue;
use super::hunger::Hunger;
use super::intake::Queue;
use super::size::Size;
use super::tag::Lanes;
use super::typed::Typed;
use crate::config::RemoteWrite;
use crate::spool::{Spool, SpoolStats};
use crate::stats::Stats;
use said::Said;
pub(crate) use said::Seen;

/// Between two looks of somebody who waits until all is sent.
const LOOK: Duration = Duration::from_millis(20);

/// What is shared.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) label: String,
    pub(super) spool: Spool,
    /// It outlives the process.
    pub(super) is_kept: bool,
    pub(super) queue: Queue,
    pub(super) stats: Arc<Stats>,
    pub(super) settings: watch::Sender<Arc<RemoteWrite>>,
    /// The shards that are written for now.
    pub(super) lanes: watch::Sender<Lanes>,
    /// Something was spooled or is done with.
    pub(super) changes: watch::Sender<u64>,
    /// When all ends, once that is known and the last reading is spooled.
    pub(super) closing: watch::Sender<Option<Instant>>,
    pub(super) end: Mutex<Option<Instant>>,
    /// The last reading is spooled.
    pub(super) fed: Notify,
    pub(super) dialogue: Mutex<Dialogue>,
    /// Records before this one were there when the agent began: a request with them may have been under way when it
    /// ended the last time.
    pub(super) from_before: u64,
    /// By number of the shard, of whichever turn.
    hungers: [Hunger; 128],
    urgent: AtomicUsize,
    size: Mutex<Size>,
    typed: Mutex<Typed>,
    busy_us: AtomicU64,
    /// The last readings come, or have come.
    ends: AtomicBool,
    /// Samples that were refused for good since then.
    refused_last: AtomicU64,
    /// It is tried until the end of all, whatever is kept.
    insists: AtomicBool,
    said: Mutex<Said>,
    pub(super) seen: Mutex<SpoolStats>,
}

/// Somebody waits, as long as it is there.
struct Urgent<'a>(&'a AtomicUsize);

impl<'a> Urgent<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Urgent<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(settings: &RemoteWrite, spool: Spool, lanes: Lanes, stats: &Arc<Stats>) -> Self {
        Self {
            label: settings.label(),
            from_before: spool.next_seq(),
            spool,
            is_kept: settings.spool.dir.is_some(),
            queue: Queue::default(),
            stats: Arc::clone(stats),
            lanes: watch::Sender::new(lanes),
            changes: watch::Sender::new(0),
            closing: watch::Sender::new(None),
            end: Mutex::new(None),
            fed: Notify::new(),
            dialogue: Mutex::new(Dialogue::new(settings.protocol, Clock::now())),
            settings: watch::Sender::new(Arc::new(settings.clone())),
            hungers: std::array::from_fn(|_| Hunger::default()),
            urgent: AtomicUsize::new(0),
            size: Mutex::default(),
            typed: Mutex::default(),
            busy_us: AtomicU64::new(0),
            ends: AtomicBool::new(false),
            refused_last: AtomicU64::new(0),
            insists: AtomicBool::new(false),
            said: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    pub(super) fn typed(&self) -> MutexGuard<'_, Typed> {
        lock(&self.typed)
    }

    pub(super) fn dialogue(&self) -> MutexGuard<'_, Dialogue> {
        lock(&self.dialogue)
    }

    /// What the sender of a shard waits for.
    pub(super) fn hunger(&self, at: u16) -> &Hunger {
        // There are never more shards than this.
        &self.hungers[usize::from(at) % 128]
    }

    /// Something was spooled, or is done with.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    pub(super) fn ends_by(&self, end: Instant) {
        *lock(&self.end) = Some(end);
    }

    pub(super) fn ends(&self) {
        self.ends.store(true, Ordering::Relaxed);
    }

    pub(super) fn insists(&self) {
        self.insists.store(true, Ordering::Relaxed);
    }

    /// Whether what waits may as well wait for another process.
    pub(super) fn may_wait(&self) -> bool {
        self.is_kept && !self.insists.load(Ordering::Relaxed)
    }

    /// So many samples were refused for good.
    pub(super) fn refused(&self, samples: usize) {
        if self.ends.load(Ordering::Relaxed) {
            self.refused_last.fetch_add(samples as u64, Ordering::Relaxed);
        }
    }

    pub(super) fn refused_at_the_end(&self) -> u64 {
        self.refused_last.load(Ordering::Relaxed)
    }

    pub(super) fn closing(&self) -> bool {
        self.closing.borrow().is_some()
    }

    /// Somebody waits for what was read.
    pub(super) fn is_urgent(&self) -> bool {
        self.urgent.load(Ordering::SeqCst) > 0
    }

    pub(super) fn samples_per_send(&self, settings: &RemoteWrite) -> usize {
        let set = settings.max_samples_per_send;
        lock(&self.size).most(set).unwrap_or(set)
    }

    /// Samples of a request at the most, where that is less than what is set.
    pub(super) fn size(&self) -> Option<usize> {
        lock(&self.size).most(self.settings.borrow().max_samples_per_send)
    }

    /// A request of so many samples was too much for the receiver.
    pub(super) fn too_large(&self, samples: usize) {
        lock(&self.size).refused(samples, Clock::now());
    }

    /// A request of so many samples was taken.
    pub(super) fn fits(&self, samples: usize, settings: &RemoteWrite) {
        lock(&self.size).taken(samples, settings.max_samples_per_send, Clock::now());
    }

    /// A request was under way for so long.
    pub(super) fn busy(&self, took: Duration) {
        self.busy_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long requests were under way since the last time this was asked.
    pub(super) fn was_busy(&self) -> Duration {
        Duration::from_micros(self.busy_us.swap(0, Ordering::Relaxed))
    }

    /// Looks at the spool, where blocking is allowed.
    pub(super) fn look(&self) -> SpoolStats {
        let now = self.spool.stats();
        let before = std::mem::replace(&mut *lock(&self.seen), now.clone());
        self.stats.writes.spool(&self.label, &now, &before);
        now
    }

    pub(super) async fn settled(self: &Arc<Self>, deadline: Instant) -> u64 {
        // Whoever asked may go away while it waits.
        let _urgent = Urgent::begin(&self.urgent);
        let mut changes = self.changes.subscribe();
        self.changed();
        loop {
            changes.borrow_and_update();
            let is_idle = self.queue.is_idle();
            let shared = Arc::clone(self);
            let looked = tokio::task::spawn_blocking(move || shared.look().pending);
            let Ok(Ok(pending)) = timeout_at(deadline, looked).await else { break 1 };
            if is_idle && pending.records == 0 {
                break 0;
            }
            if Instant::now() >= deadline {
                break pending.samples.max(1);
            }
            // What waits on the way in says nothing when it is done.
            let next = deadline.min(Instant::now() + LOOK);
            drop(timeout_at(next, changes.changed()).await);
        }
    }
}
