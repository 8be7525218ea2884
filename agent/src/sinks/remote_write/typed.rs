//! Types of families without a help text: 1.0 sends them apart from samples, as rarely as help texts.
//!
//! A record says of each family its type, and only now and then its help text. So a family without one may
//! have none, or was explained before: a type alone would then take the text away from it.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use exposition::Kind;
use exposition::remote_write::Family;
use foldhash::fast::RandomState;

/// Beyond so many families all are forgotten, and told once more.
const MOST: usize = 100_000;

/// What one receiver was told of families, by their names.
#[derive(Debug, Default)]
pub(super) struct Typed {
    hasher: RandomState,
    /// When the type alone is due again; `None` where it came with a help text, which brings it from then on.
    due: HashMap<u64, Option<Instant>, RandomState>,
}

impl Typed {
    /// Whether this family is to be described with what is known of it here.
    pub(super) fn describes(&mut self, family: &Family<'_>, every: Duration, now: Instant) -> bool {
        let has_help = !family.help.is_empty();
        if !has_help && family.kind == Kind::Untyped && family.unit.is_empty() {
            return false;
        }
        let id = self.hasher.hash_one(family.name);
        let is_due = match self.due.get(&id) {
            Some(Some(due)) => *due <= now,
            Some(None) => false,
            None => true,
        };
        if has_help || is_due {
            if self.due.len() >= MOST && !self.due.contains_key(&id) {
                self.due.clear();
            }
            self.due.insert(id, (!has_help).then(|| now + every));
        }
        has_help || is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_alone_is_told_now_and_then_and_never_over_a_help_text() {
        let (mut typed, start) = (Typed::default(), Instant::now());
        let every = Duration::from_mins(5);
        let family = |name, kind, help, unit| Family { name, kind, help, unit };
        let alone = family("a", Kind::Counter, "", "");
        let explained = family("b", Kind::Gauge, "Text.", "");
        for (after, family, told) in [
            (0, alone, true),
            (1, alone, false),
            (300, alone, true),
            (301, alone, false),
            (302, family("nothing", Kind::Untyped, "", ""), false),
            (302, family("unit", Kind::Untyped, "", "seconds"), true),
            (303, explained, true),
            (303, family("b", Kind::Gauge, "", ""), false),
            (9_000, family("b", Kind::Gauge, "", ""), false),
            (9_000, explained, true),
        ] {
            let now = start + Duration::from_secs(after);
            assert_eq!(typed.describes(&family, every, now), told, "{family:?} after {after} s");
        }
    }
}
