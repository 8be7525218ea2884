//! The lines of a family with what tells its series from all others, in one piece of memory.

use std::fmt;
use std::sync::Arc;

const WORD: usize = size_of::<u64>();

/// Lines, then eight bytes a series, then how many series, so that a family costs one allocation.
#[derive(Clone, PartialEq, Eq)]
pub struct Block(Arc<[u8]>);

impl Block {
    /// Puts them together.
    pub fn new(lines: &[u8], series: &[u64]) -> Self {
        let mut all = Vec::with_capacity(lines.len() + (series.len() + 1) * WORD);
        all.extend_from_slice(lines);
        for series in series {
            all.extend_from_slice(&series.to_ne_bytes());
        }
        all.extend_from_slice(&(series.len() as u64).to_ne_bytes());
        Self(all.into())
    }

    /// The lines, each with its end.
    pub fn lines(&self) -> &[u8] {
        self.0.get(..self.start()).unwrap_or_default()
    }

    /// One number a series.
    pub fn series(&self) -> impl ExactSizeIterator<Item = u64> {
        self.words().chunks_exact(WORD).map(word)
    }

    /// Whether both have the same series in the same order.
    pub fn has_series_of(&self, other: &Self) -> bool {
        self.words() == other.words()
    }

    /// Bytes of the lines.
    pub fn len(&self) -> usize {
        self.start()
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn start(&self) -> usize {
        let count = self.0.last_chunk().map_or(0, |count| u64::from_ne_bytes(*count));
        let words = usize::try_from(count).unwrap_or(0).saturating_add(1).saturating_mul(WORD);
        self.0.len().saturating_sub(words)
    }

    fn words(&self) -> &[u8] {
        self.0.get(self.start()..self.0.len().saturating_sub(WORD)).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        self.lines()
    }
}

fn word(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = String::from_utf8_lossy(self.lines());
        f.debug_struct("Block").field("lines", &lines).field("series", &self.series().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Block;

    #[test]
    fn what_goes_in_comes_out() {
        for (lines, series) in [("", vec![]), ("a 1\n", vec![7]), ("a 1\nb 2\n", vec![u64::MAX, 0])] {
            let block = Block::new(lines.as_bytes(), &series);
            assert_eq!((block.lines(), block.len()), (lines.as_bytes(), lines.len()));
            assert!(block.series().eq(series.iter().copied()));
            assert!(block.has_series_of(&Block::new(b"x", &series)));
            assert!(!block.has_series_of(&Block::new(lines.as_bytes(), &[9, 9, 9])));
        }
    }
}
