//! The way in: every snapshot counts, so none takes the place of another.
//!
//! Readers never wait: what they offer is taken at once by a thread that turns it into records, or where nothing can
//! block by themselves, if it is not much and nobody else is at it. Only where that thread hangs in its disk does
//! anything wait here, within bounds.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use exposition::Sheet;
use exposition::protobuf::Natives;

use crate::config::RemoteWrite;
use crate::snapshot::Snapshot;

/// Bytes of pages that may wait here.
const MOST: usize = 64 << 20;
/// What a snapshot takes beside its pages.
const EACH: usize = 512;
/// Samples of a snapshot that nobody has to be woken for: to wake a thread costs as much as a few hundred of them.
pub(super) const FEW: usize = 5_000;

/// Something for the thread to do, in order.
#[derive(Debug)]
pub(super) enum Item {
    /// The samples of a snapshot; whether the agent ends.
    Snapshot(Arc<Snapshot>, bool),
    /// Other settings.
    Alter(Box<RemoteWrite>),
    /// Another number of shards.
    Shards(u16),
    /// Nothing more will come.
    End,
}

/// Who has an item in hand.
#[derive(Debug, Default, PartialEq, Eq)]
enum Hand {
    #[default]
    Nobody,
    Thread,
    /// Who offered it.
    Here,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    hand: Hand,
    ends: bool,
    /// Nothing more is taken.
    over: bool,
}

/// Between the sources and one receiver.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    came: Condvar,
}

/// An item that came back from [`Queue::offer`]; nobody else takes one until this goes, be it in a panic.
#[derive(Debug)]
pub(super) struct InHand<'a>(&'a Queue);

impl InHand<'_> {
    /// It is more than it looked like: the thread is to do it, before all others.
    pub(super) fn give_back(self, item: Item) {
        let mut state = self.0.lock();
        if let Item::Snapshot(snapshot, _) = &item {
            state.bytes += cost(snapshot);
        }
        state.items.push_front(item);
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.hand = Hand::Nobody;
        if !state.items.is_empty() {
            self.0.came.notify_one();
        }
    }
}

fn cost(snapshot: &Snapshot) -> usize {
    let natives = snapshot.natives.as_ref().map_or(0, Natives::bytes);
    snapshot.pages.iter().map(Sheet::bytes).sum::<usize>() + natives + EACH
}

fn samples(snapshot: &Snapshot) -> usize {
    let natives = snapshot.natives.as_ref().map_or(0, Natives::len);
    snapshot.pages.iter().map(Sheet::sample_count).sum::<usize>() + natives
}

impl State {
    fn is_idle(&self) -> bool {
        self.items.is_empty() && self.hand == Hand::Nobody
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a snapshot, never waits; the samples of one that there is no room for. With `here` it may come back, and
    /// whoever offers it has it in hand.
    pub(super) fn offer(
        &self,
        snapshot: Arc<Snapshot>,
        here: bool,
    ) -> Result<Option<(Item, InHand<'_>)>, usize> {
        let mut state = self.lock();
        if here && !state.over && state.is_idle() && samples(&snapshot) <= FEW {
            state.hand = Hand::Here;
            return Ok(Some((Item::Snapshot(snapshot, state.ends), InHand(self))));
        }
        let bytes = state.bytes + cost(&snapshot);
        if bytes > MOST && !state.items.is_empty() {
            return Err(samples(&snapshot));
        }
        state.bytes = bytes;
        let ends = state.ends;
        state.items.push_back(Item::Snapshot(snapshot, ends));
        drop(state);
        self.came.notify_one();
        Ok(None)
    }

    /// Anything else.
    pub(super) fn put(&self, item: Item) {
        let mut state = self.lock();
        state.over |= matches!(item, Item::End);
        state.items.push_back(item);
        drop(state);
        self.came.notify_one();
    }

    /// The agent ends: last snapshots from now on are the last of all.
    pub(super) fn ends(&self) {
        self.lock().ends = true;
    }

    /// Whether nothing waits here or is in hand.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_idle()
    }

    /// Waits for the next item; blocks the thread. The one before is done with.
    pub(super) fn next(&self) -> Item {
        let mut state = self.lock();
        if state.hand == Hand::Thread {
            state.hand = Hand::Nobody;
        }
        loop {
            if state.hand == Hand::Nobody
                && let Some(item) = state.items.pop_front()
            {
                if let Item::Snapshot(snapshot, _) = &item {
                    state.bytes = state.bytes.saturating_sub(cost(snapshot));
                }
                state.hand = Hand::Thread;
                return item;
            }
            state = self.came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use exposition::{Kind, PageBuilder};

    use super::*;

    /// A reading of a source of this name, of so many samples.
    fn reading(source: &str, samples: usize) -> Arc<Snapshot> {
        let mut page = PageBuilder::new();
        page.family("a", "", Kind::Gauge);
        for place in 0..samples {
            page.sample("a", &[("place", &place.to_string())], 1.0);
        }
        let key = "job/j".parse().unwrap();
        Arc::new(Snapshot::new(source, key, SystemTime::now(), vec![page.finish()]))
    }

    fn source(item: &Item) -> Option<&str> {
        let Item::Snapshot(snapshot, _) = item else { return None };
        Some(&snapshot.source)
    }

    #[test]
    fn one_at_a_time_has_something_in_hand_and_the_order_stays() {
        let queue = Queue::default();
        let (first, hand) = queue.offer(reading("first", FEW), true).unwrap().unwrap();
        assert_eq!(source(&first), Some("first"));
        assert!(!queue.is_idle());
        // While it is in hand, others wait for the thread, whoever brings them.
        for name in ["second", "third"] {
            assert!(queue.offer(reading(name, 1), true).unwrap().is_none());
        }
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| [queue.next(), queue.next(), queue.next()]);
            assert!(!thread.is_finished());
            hand.give_back(first);
            let order = thread.join().unwrap();
            assert_eq!(order.each_ref().map(source), [Some("first"), Some("second"), Some("third")]);
        });
        assert!(queue.offer(reading("fourth", 1), true).unwrap().is_none(), "the thread has one in hand");
        let fourth = queue.next();
        assert_eq!((source(&fourth), queue.lock().bytes), (Some("fourth"), 0));
    }

    #[test]
    fn what_is_much_or_may_block_or_comes_too_late_is_the_threads() {
        let queue = Queue::default();
        assert!(queue.offer(reading("a", FEW + 1), true).unwrap().is_none());
        queue.next();
        let queue = Queue::default();
        assert!(queue.offer(reading("a", 1), false).unwrap().is_none());
        let queue = Queue::default();
        queue.put(Item::End);
        assert!(queue.offer(reading("a", 1), true).unwrap().is_none());
    }

    #[test]
    fn a_panic_with_something_in_hand_keeps_nobody_waiting() {
        let queue = Queue::default();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _hand = queue.offer(reading("a", 1), true).unwrap().unwrap();
            panic!("in the middle");
        }));
        queue.put(Item::End);
        assert!(panicked.is_err() && source(&queue.next()).is_none());
    }
}
