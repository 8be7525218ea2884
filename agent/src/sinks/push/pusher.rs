//! The number of an agent: how it stands in a group, and how it is found in a gateway's page.

use std::time::Duration;

use exposition::{GroupingKey, Kind, Limits, Page, PageBuilder, Sample};

const NAME: &str = "pushpull_agent_pusher_id";
const HELP: &str = "Random number of the agent that pushed this group last, below 0 if that was its last push; back and forth where two of them do.";
/// Which agent pushes: another one after each start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pusher(pub(super) u64);

impl Pusher {
    /// By how much this agent's pushes are moved, where it looks before them or another is suspected.
    pub(super) fn offset(self) -> Duration {
        Duration::from_millis(self.0 % 100)
    }

    /// The same by chance: two that are too close together for a look between them are not so for ever.
    pub(super) fn any_offset() -> Duration {
        Duration::from_millis(rand::random_range(0..100))
    }

    /// The number as it stands in a push. One that leaves says so: its last push is no sign of a rival.
    pub(super) fn sign(self, is_last: bool) -> f64 {
        if is_last { -(self.0 as f64) } else { self.0 as f64 }
    }

    /// As the page of a group that says so.
    pub(super) fn page(self, is_last: bool) -> Page {
        let mut page = PageBuilder::new();
        page.family(NAME, HELP, Kind::Gauge);
        page.sample(NAME, &[], self.sign(is_last));
        page.finish()
    }
}

impl std::fmt::Display for Pusher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The id in a line of a gateway's page, if it is that of this group.
pub(super) fn in_line(line: &[u8], key: &GroupingKey) -> Option<f64> {
    let text = line.strip_prefix(NAME.as_bytes()).filter(|rest| rest.starts_with(b"{")).map(|_| line)?;
    let page = Page::parse([text, b"\n"].concat(), &Limits::default()).ok()?;
    page.samples().find(|sample| is_of(sample, key)).map(|sample| sample.value())
}

fn is_of(sample: &Sample<'_>, key: &GroupingKey) -> bool {
    let mut found: Vec<(String, String)> = sample
        .labels()
        .filter(|label| !label.value.is_empty())
        .map(|label| (label.name.to_owned(), label.value.into_owned()))
        .collect();
    let mut wanted: Vec<(String, String)> = key
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    found.sort();
    wanted.sort();
    found == wanted
}
