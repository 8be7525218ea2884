//! The encoded labels of many series, each as what it has other than the one before it.

use crate::front::{self, Step};

/// Each of so many is whole, so that any of them is found in as many steps.
const RUN: u32 = 16;

/// Label sets by number, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Arena {
    coded: Vec<u8>,
    /// Where each run begins.
    runs: Vec<u32>,
    count: u32,
    /// Bytes of all of them as they are read.
    whole: usize,
    /// The one added last.
    last: Vec<u8>,
}

/// Where an arena is read. Going on from one number to the next is what costs nearly nothing.
#[derive(Debug, Default)]
pub struct Cursor {
    labels: Vec<u8>,
    /// The number after the one that `labels` are of; 0 before the first.
    next: u32,
    at: usize,
}

impl Arena {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// Bytes of all of them as they are read.
    pub fn whole(&self) -> usize {
        self.whole
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        self.coded.len() + size_of_val(self.runs.as_slice())
    }

    /// Adds one; its number, if there is room.
    pub fn add(&mut self, labels: &[u8]) -> Option<u32> {
        let number = self.count;
        if number.is_multiple_of(RUN) {
            self.runs.push(u32::try_from(self.coded.len()).ok()?);
            self.last.clear();
        }
        self.count = number.checked_add(1)?;
        front::put(&mut self.coded, &self.last, labels);
        self.whole += labels.len();
        self.last.clear();
        self.last.extend_from_slice(labels);
        Some(number)
    }

    /// The one of this number; none of it where there is none.
    #[inline]
    pub fn read<'c>(&self, number: u32, cursor: &'c mut Cursor) -> &'c [u8] {
        let start = number - number % RUN;
        // Unless it is at that one, or before it in the same run.
        if cursor.next == 0 || cursor.next > number + 1 || cursor.next < start {
            cursor.next = start;
            cursor.at = self.runs.get((number / RUN) as usize).map_or(usize::MAX, |at| *at as usize);
        }
        while cursor.next <= number {
            if self.step(cursor).is_none() {
                // Nobody has a number that was not given: rather no labels than another's.
                cursor.labels.clear();
                break;
            }
            cursor.next += 1;
        }
        &cursor.labels
    }

    #[inline]
    fn step(&self, cursor: &mut Cursor) -> Option<()> {
        let mut rest = self.coded.get(cursor.at..)?;
        if cursor.next.is_multiple_of(RUN) {
            cursor.labels.clear();
        }
        Step::take(&mut rest)?.apply(&mut cursor.labels)?;
        cursor.at = self.coded.len() - rest.len();
        Some(())
    }

    /// Gives back what it has not used.
    pub fn shrink(&mut self) {
        self.coded.shrink_to_fit();
        self.runs.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Vec<u8>> {
        let like =
            |number: usize| format!("__name__=a method=GET route=/things/{number} zone=eu").into_bytes();
        let long = |number: usize| vec![b'x'; number * 7 % 400];
        (0..120).map(|number| if number % 30 < 25 { like(number * 3) } else { long(number) }).collect()
    }

    #[test]
    fn each_is_read_as_it_was_added_in_any_order() {
        let (all, mut arena) = (all(), Arena::default());
        for (number, labels) in (0..).zip(&all) {
            assert_eq!(arena.add(labels), Some(number));
        }
        arena.shrink();
        assert_eq!((arena.count(), arena.whole()), (120, all.iter().map(Vec::len).sum()));
        let mut cursor = Cursor::default();
        let steps =
            (0..120).chain((0..120).rev()).chain((0..500).map(|at| at * 37 % 120)).chain([5, 5, 6, 8]);
        for number in steps {
            assert_eq!(arena.read(number, &mut cursor), all[number as usize], "{number}");
        }
    }

    #[test]
    fn what_is_alike_takes_little() {
        let mut arena = Arena::default();
        for number in 100..900 {
            arena.add(format!("__name__=requests_total instance=i12 job=bench method=GET route=/api/v1/things/{number} status=200 zone=eu").as_bytes());
        }
        assert!(arena.bytes() * 6 < arena.whole(), "{} of {}", arena.bytes(), arena.whole());
    }
}
