//! The way in: every snapshot counts, so none takes the place of another.
//!
//! Readers never wait: what they offer is taken at once by a thread that turns it into records. Only where
//! that thread hangs in its disk does anything wait here, within bounds.

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

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    /// The thread has one in hand.
    busy: bool,
    ends: bool,
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

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a snapshot, never waits; the samples of one that there is no room for.
    pub(super) fn offer(&self, snapshot: Arc<Snapshot>) -> Result<(), usize> {
        let mut state = self.lock();
        let bytes = state.bytes + cost(&snapshot);
        if bytes > MOST && !state.items.is_empty() {
            let natives = snapshot.natives.as_ref().map_or(0, Natives::len);
            return Err(snapshot.pages.iter().map(Sheet::sample_count).sum::<usize>() + natives);
        }
        state.bytes = bytes;
        let ends = state.ends;
        state.items.push_back(Item::Snapshot(snapshot, ends));
        drop(state);
        self.came.notify_one();
        Ok(())
    }

    /// Anything else.
    pub(super) fn put(&self, item: Item) {
        self.lock().items.push_back(item);
        self.came.notify_one();
    }

    /// The agent ends: last snapshots from now on are the last of all.
    pub(super) fn ends(&self) {
        self.lock().ends = true;
    }

    /// Whether nothing waits here or is in hand.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.items.is_empty() && !state.busy
    }

    /// Waits for the next item; blocks the thread. The one before is done with.
    pub(super) fn next(&self) -> Item {
        let mut state = self.lock();
        state.busy = false;
        loop {
            if let Some(item) = state.items.pop_front() {
                if let Item::Snapshot(snapshot, _) = &item {
                    state.bytes = state.bytes.saturating_sub(cost(snapshot));
                }
                state.busy = true;
                return item;
            }
            state = self.came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
