//! Which group holds a series.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::Id;

/// Parts of it: one that grows moves all that it has, and a push must not wait for the whole.
const PARTS: usize = 256;

type Part = HashMap<u64, Id, BuildHasherDefault<AsIs>>;

/// The holder of each series.
#[derive(Debug)]
pub(super) struct Index(Box<[Part]>);

impl Default for Index {
    fn default() -> Self {
        Self((0..PARTS).map(|_| Part::default()).collect())
    }
}

impl Index {
    pub(super) fn get(&self, series: u64) -> Option<Id> {
        self.0[part(series)].get(&series).copied()
    }

    pub(super) fn insert(&mut self, series: u64, holder: Id) {
        self.0[part(series)].insert(series, holder);
    }

    pub(super) fn remove(&mut self, series: u64) {
        let part = &mut self.0[part(series)];
        part.remove(&series);
        // What a wave of series took is given back once they are gone.
        if part.len() < part.capacity() / 8 {
            part.shrink_to(part.len() * 2);
        }
    }
}

/// By bits that the parts themselves do not choose a place by.
fn part(series: u64) -> usize {
    (series >> 40) as usize % PARTS
}

/// A series is a random number already.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
