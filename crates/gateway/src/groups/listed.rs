//! What lists and pages read of the groups.

use std::time::SystemTime;

use bytes::Bytes;
use exposition::{GroupingKey, Kind};

use super::{Group, Groups, Id, Snapshot};

/// Bytes of a refusal's words that are kept.
const WORDS: usize = 300;

/// The last push that a group did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// When it came.
    pub at: SystemTime,
    /// What its client was told, shortened.
    pub why: Box<str>,
}

/// One family of one group as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Its help text, empty if none.
    pub help: String,
    /// How many series it has.
    pub series: usize,
    /// Their sample lines.
    pub lines: Bytes,
}

impl Groups {
    /// The families of a group, sorted by name; none where there is no such group.
    pub fn stored(&self, key: &GroupingKey) -> Option<Vec<Stored>> {
        let families = self.families_of(self.get(key)?).map(|(family, held)| Stored {
            name: family.name().to_owned(),
            kind: family.kind,
            help: held.help().to_owned(),
            series: held.series().len(),
            lines: held.shared_lines(),
        });
        Some(families.collect())
    }

    /// Notes why a push was refused, where its group is known.
    pub fn refused(&mut self, key: &GroupingKey, why: &str, at: SystemTime) {
        let id = self.ids.get(key).copied();
        let Some(group) = id.and_then(|id| self.group_mut(id)) else { return };
        let end = why.floor_char_boundary(WORDS);
        let more = if end < why.len() { "…" } else { "" };
        group.refused = Some(Box::new(Refused { at, why: format!("{}{more}", &why[..end]).into() }));
    }
}

impl Snapshot {
    /// A group by its number, if it is there.
    pub fn numbered(&self, id: Id) -> Option<&Group> {
        self.groups.get(&id).map(|group| &**group)
    }
}

impl Group {
    /// Who pushed last, where that was said.
    pub fn pusher(&self) -> Option<&str> {
        self.pusher.as_deref()
    }

    /// The last push that it did not take, with the reason where that is known.
    pub fn failure(&self) -> Option<(SystemTime, Option<&str>)> {
        let refused = self.refused.as_ref().map(|refused| (refused.at, Some(&*refused.why)));
        // A failure may be known without its reason: reasons do not outlive the process.
        let failed = self.failed.map(|at| (at, None)).filter(|_| refused.is_none());
        refused.or(failed)
    }
}
