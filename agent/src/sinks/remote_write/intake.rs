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
const FEW: usize = 5_000;

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
    /// whoever offers it turns it into a record and says so ([`Queue::done`]).
    pub(super) fn offer(&self, snapshot: Arc<Snapshot>, here: bool) -> Result<Option<Item>, usize> {
        let mut state = self.lock();
        if here && !state.over && state.is_idle() && samples(&snapshot) <= FEW {
            state.hand = Hand::Here;
            return Ok(Some(Item::Snapshot(snapshot, state.ends)));
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

    /// What came back from [`Queue::offer`] is a record now.
    pub(super) fn done(&self) {
        let mut state = self.lock();
        state.hand = Hand::Nobody;
        if !state.items.is_empty() {
            self.came.notify_one();
        }
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
