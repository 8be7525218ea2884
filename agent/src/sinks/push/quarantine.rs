//! Families that a gateway refuses by name: the rest of the page goes on without them.
//!
//! A Pushgateway refuses a whole push where one family has another type than in some other group
//! (`Gatherers.Gather` of its client library), and says which. Another team's metric would take all of ours away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use exposition::GroupingKey;

use crate::snapshot::Snapshot;

/// So long a family is left out; then the whole page is tried again, since others' groups end.
const AGAIN: Duration = Duration::from_mins(5);
/// A page of which more are refused is refused as a whole.
const MOST: usize = 8;

/// What is left out of each group.
#[derive(Debug, Default)]
pub(super) struct Quarantine(BTreeMap<GroupingKey, Held>);

#[derive(Debug)]
struct Held {
    families: BTreeSet<String>,
    until: Instant,
}

impl Quarantine {
    /// The families that are left out of a group now.
    pub(super) fn of(&mut self, key: &GroupingKey, now: Instant) -> BTreeSet<String> {
        if self.0.get(key).is_some_and(|held| held.until <= now) {
            self.0.remove(key);
        }
        self.0.get(key).map(|held| held.families.clone()).unwrap_or_default()
    }

    /// Leaves out the family that these words name, where they name one of the page; which.
    pub(super) fn take(&mut self, snapshot: &Snapshot, words: &str, now: Instant) -> Option<String> {
        let family = named(words, snapshot)?;
        let until = now + AGAIN;
        let held =
            self.0.entry(snapshot.key.clone()).or_insert_with(|| Held { families: BTreeSet::new(), until });
        let new = held.families.len() < MOST && held.families.insert(family.clone());
        new.then_some(family)
    }

    /// How many families are left out of all groups.
    pub(super) fn len(&self) -> usize {
        self.0.values().map(|held| held.families.len()).sum()
    }

    /// A group is not pushed any more.
    pub(super) fn forget(&mut self, key: &GroupingKey) {
        self.0.remove(key);
    }
}

/// The first family of the page in a gateway's words; of a name in quotes before any other word.
fn named(words: &str, snapshot: &Snapshot) -> Option<String> {
    // The first page is what the agent itself says: without it a group is nothing.
    let pages = snapshot.written(1);
    let families = || pages.iter().flat_map(|page| page.families());
    let known = |word: &str| families().any(|family| family.text_name() == word || family.name() == word);
    let quoted = words.split('"').skip(1).step_by(2);
    let plain = words.split(|letter: char| !(letter.is_ascii_alphanumeric() || "_:".contains(letter)));
    quoted.chain(plain).find(|word| !word.is_empty() && known(word)).map(str::to_owned)
}

/// Whether a sample of this name belongs to one of these families.
pub(super) fn has(families: &BTreeSet<String>, sample: &str) -> bool {
    let parts = ["_bucket", "_sum", "_count", "_total"];
    families.contains(sample)
        || parts.iter().any(|part| sample.strip_suffix(part).is_some_and(|name| families.contains(name)))
}

#[cfg(test)]
mod tests {
    use exposition::{Limits, Page};

    use super::*;

    fn snapshot() -> Snapshot {
        let page = |text: &str| Page::parse(text.to_owned(), &Limits::NONE).unwrap();
        let pages = vec![
            page("up 1\n"),
            page("# TYPE m counter\nm 1\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"),
        ];
        let taken_at = std::time::SystemTime::UNIX_EPOCH;
        Snapshot::new("s", "job/j".parse().unwrap(), taken_at, pages)
    }

    #[test]
    fn a_family_is_found_in_the_words_of_gateways() {
        for (words, family) in [
            ("gathered metric family m has type \"COUNTER\" but should have \"GAUGE\"", Some("m")),
            ("collected metric \"h\" { label:<name:\"job\" value:\"m\" > } is not a GAUGE", Some("h")),
            (
                "collected metric named \"h_count\" collides with previously collected histogram named \"h\"",
                Some("h"),
            ),
            ("pushed metrics must not have timestamps", None),
            ("up is wrong", None),
            ("", None),
        ] {
            assert_eq!(named(words, &snapshot()).as_deref(), family, "{words}");
        }
    }

    #[test]
    fn what_is_left_out_is_tried_again_later_and_is_not_without_end() {
        let (mut quarantine, now) = (Quarantine::default(), Instant::now());
        let words = "gathered metric family m has type";
        assert_eq!(quarantine.take(&snapshot(), words, now).as_deref(), Some("m"));
        assert_eq!(
            quarantine.take(&snapshot(), words, now),
            None,
            "it is left out already: that does not help"
        );
        assert_eq!(quarantine.of(&snapshot().key, now).len(), 1);
        assert!(quarantine.of(&snapshot().key, now + AGAIN).is_empty());
        assert_eq!(quarantine.len(), 0);
    }

    #[test]
    fn all_parts_of_a_family_belong_to_it() {
        let families = BTreeSet::from(["h".to_owned(), "m".to_owned()]);
        for (name, is) in
            [("h_bucket", true), ("h_count", true), ("m", true), ("mm", false), ("h_max", false)]
        {
            assert_eq!(has(&families, name), is, "{name}");
        }
    }
}
