//! How the parts that settings no longer ask for end.

use std::collections::BTreeSet;

use crate::discovery::Name;
use crate::pipeline::{Change, Leaving};
use crate::plan::{Kind, Part};

/// The changes that end a part for which `new` comes, if anything does; `name` is what runs where it is a
/// name, and `called` are all names that there will be.
pub(super) fn leave(
    old: &Part,
    new: Option<&Part>,
    name: Option<&Name>,
    called: &BTreeSet<&str>,
) -> Vec<Change> {
    let is_name = |part: &Part| matches!(part.kind, Kind::Name(_));
    // A name fills other groups than a page under the same key.
    let ends = new.is_none_or(|new| is_name(new) != is_name(old));
    if !is_name(old) {
        let forgets = !called.contains(old.name.as_str());
        return vec![Change::Leave(old.name.clone(), Leaving { ends, forgets })];
    }
    let Some(name) = name else { return Vec::new() };
    let forgets = ends || new.is_none_or(|new| new.name != old.name);
    if ends {
        name.forget();
    }
    name.known().map(|source| Change::Leave(source.to_owned(), Leaving { ends, forgets })).collect()
}
