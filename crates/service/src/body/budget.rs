//! Bytes that all bodies and pages under way may take together.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What room is counted in: a semaphore's permits are too few to count each byte.
const UNIT: usize = 1 << 10;

/// So many bytes, for all.
#[derive(Debug, Clone)]
pub struct Budget {
    room: Arc<Semaphore>,
    units: usize,
}

/// Bytes taken from a budget, given back when this is dropped.
#[derive(Debug)]
pub struct Room {
    budget: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Self {
        let units = bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Self { room: Arc::new(Semaphore::new(units)), units }
    }

    /// Bytes that are taken now.
    pub fn taken(&self) -> usize {
        (self.units - self.room.available_permits().min(self.units)) * UNIT
    }

    /// No room yet.
    pub fn nothing(&self) -> Room {
        Room { budget: Arc::clone(&self.room), taken: None }
    }

    /// Bytes that hold their room until they are dropped; none where there is no room.
    pub fn hold(&self, bytes: Vec<u8>) -> Option<Bytes> {
        let mut room = self.nothing();
        room.grow(bytes.len()).then(|| Bytes::from_owner(Held { bytes, _room: room }))
    }
}

impl Room {
    /// Takes room for so many bytes in all; says whether there was enough.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let taken = self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.div_ceil(UNIT).saturating_sub(taken);
        let Ok(more) = u32::try_from(more) else { return false };
        let Ok(permit) = Arc::clone(&self.budget).try_acquire_many_owned(more) else { return false };
        match &mut self.taken {
            Some(taken) => taken.merge(permit),
            None => self.taken = Some(permit),
        }
        true
    }
}

struct Held {
    bytes: Vec<u8>,
    _room: Room,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
