//! How the parts that settings no longer ask for end.

use std::collections::BTreeSet;

use crate::discovery::Finder;
use crate::pipeline::{Change, Leaving};
use crate::plan::{Kind, Part};

/// The changes that end a part for which `new` comes, if anything does; `finder` is what runs where targets
/// are found, and `called` are all names that there will be.
pub(super) fn leave(
    old: &Part,
    new: Option<&Part>,
    finder: Option<&Finder>,
    called: &BTreeSet<&str>,
) -> Vec<Change> {
    let found = |part: &Part| match &part.kind {
        Kind::Found(target) => Some(target.discovery),
        _ => None,
    };
    // A name fills other groups than a page under the same key, and a list others than a name.
    let ends = new.is_none_or(|new| found(new) != found(old));
    let Some(discovery) = found(old) else {
        let forgets = !called.contains(old.name.as_str());
        return vec![Change::Leave(old.name.clone(), Leaving { ends, forgets })];
    };
    let Some(finder) = finder else { return Vec::new() };
    // Those of a list come again one after the other, and perhaps not all of them.
    let forgets = ends || discovery.is_list() || new.is_none_or(|new| new.name != old.name);
    if ends {
        finder.forget();
    }
    finder.known().into_iter().map(|source| Change::Leave(source, Leaving { ends, forgets })).collect()
}
