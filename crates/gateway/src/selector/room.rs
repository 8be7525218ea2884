//! How much one query may ask for: what it compiles is memory, and what it compares is time.

use super::SelectorError;

/// Matchers of all kinds.
const MATCHERS: usize = 64;
/// Regular expressions among them; each may be a megabyte once it is compiled.
const PATTERNS: usize = 16;

/// What is left for one query.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    matchers: usize,
    patterns: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { matchers: MATCHERS, patterns: PATTERNS }
    }
}

impl Room {
    /// Takes the room of one more matcher.
    ///
    /// # Errors
    /// There were as many as may be.
    pub fn matcher(&mut self) -> Result<(), SelectorError> {
        Self::take(&mut self.matchers, "matchers", MATCHERS)
    }

    /// Takes the room of one more regular expression; to be called before it is compiled.
    pub(super) fn pattern(&mut self) -> Result<(), SelectorError> {
        Self::take(&mut self.patterns, "regular expressions", PATTERNS)
    }

    fn take(left: &mut usize, what: &'static str, limit: usize) -> Result<(), SelectorError> {
        *left = left.checked_sub(1).ok_or(SelectorError::TooMany { what, limit })?;
        Ok(())
    }
}
