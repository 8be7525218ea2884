//! How one knower of targets follows another when the settings change.

use super::Finder;
use crate::pipeline::Change;
use crate::sources::Source;

impl Finder {
    /// Names of all its sources.
    pub(crate) fn known(&self) -> Vec<String> {
        match self {
            Self::Name(name) => name.known().map(str::to_owned).collect(),
            Self::List(list) => list.known().map(str::to_owned).collect(),
        }
    }

    /// Goes on where another left off: sources for what that one knew, in place of its own. Those of a list
    /// come with its first look, spread over an interval.
    pub(crate) fn take_over(&mut self, other: &Self) -> Vec<Box<dyn Source>> {
        match (self, other) {
            (Self::Name(name), Self::Name(other)) => name.take_over(other),
            (Self::List(list), Self::List(other)) => {
                list.take_over(other);
                Vec::new()
            }
            // Of another kind, it has other targets.
            _ => Vec::new(),
        }
    }

    /// Counts nothing any more under its name, and gives back what it had.
    pub(crate) fn forget(&self) {
        match self {
            Self::Name(name) => name.forget(),
            Self::List(list) => list.forget(),
        }
    }

    /// Leaves to others what the settings now give to them.
    pub(crate) fn give_way(&mut self) -> Vec<Change> {
        match self {
            Self::Name(_) => Vec::new(),
            Self::List(list) => list.give_way(),
        }
    }
}
