//! What a source said at one moment: one source is one group is one PUT.

use std::borrow::Cow;
use std::time::SystemTime;

use exposition::protobuf::Natives;
use exposition::{GroupingKey, Page, Sheet};

use crate::config::Origin;

/// One collection of one source.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The source's name, for logs and metrics.
    pub source: String,
    /// The group that it replaces.
    pub key: GroupingKey,
    /// When it was taken.
    pub taken_at: SystemTime,
    /// Pages to be read as one, with the labels of the key on every sample. The first is what the agent
    /// itself says of the reading, and stands alone where a gateway refuses the others.
    pub pages: Vec<Sheet>,
    /// Native histograms beside the pages but the first, with the labels of the key. Only receivers of remote write
    /// take them.
    pub natives: Option<Natives>,
    /// When all pages but the first were read, where that was another reading before: the values of one that
    /// failed are then the last good ones.
    pub values_at: Option<SystemTime>,
    /// Nobody was there: the connection was refused. Whoever answers next is new.
    pub absent: bool,
    /// What is known of its counters beside what they say.
    pub counters: Counters,
    /// Whether the source could be read.
    pub up: bool,
    /// The last one of its group: the agent ends, or the source is gone.
    pub last: bool,
}

impl Snapshot {
    /// A reading of a source that could be read, with nothing known of it but its pages.
    pub fn new(source: impl Into<String>, key: GroupingKey, taken_at: SystemTime, pages: Vec<Page>) -> Self {
        let pages = pages.into_iter().map(Sheet::from).collect();
        Self {
            source: source.into(),
            key,
            taken_at,
            pages,
            natives: None,
            values_at: None,
            absent: false,
            counters: Counters::default(),
            up: true,
            last: false,
        }
    }

    /// The pages from this one on, written out where they are kept as values: for whoever hands them on.
    pub fn written(&self, from: usize) -> Vec<Cow<'_, Page>> {
        self.pages.iter().skip(from).map(Sheet::page).collect()
    }

    /// This reading, which brought no values, with those of the last one that did.
    #[must_use]
    pub fn with_values_of(mut self, good: Option<&Self>) -> Self {
        self.values_at = good.map(|good| good.values_at.unwrap_or(good.taken_at));
        self.natives = good.and_then(|good| good.natives.clone());
        self.pages.extend(good.iter().flat_map(|good| good.pages.iter().skip(1)).cloned());
        self
    }
}

/// What is known of the counters of a source beside what its pages say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    /// By what their beginning is known, where the source's own settings say it.
    pub origin: Option<Origin>,
    /// When the app began that shows them, where the agent started it.
    pub since: Option<SystemTime>,
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn values_that_stand_in_keep_the_time_of_the_reading_that_had_them() {
        let page = |text: &str| Page::parse(text.to_owned(), &exposition::Limits::NONE).unwrap();
        let at = |seconds, pages| {
            Snapshot::new("s", "job/j".parse().unwrap(), UNIX_EPOCH + Duration::from_secs(seconds), pages)
        };
        let good = at(1, vec![page("up 1\n"), page("c 7\n")]);
        let first = at(2, vec![page("up 0\n")]).with_values_of(Some(&good));
        let second = at(3, vec![page("up 0\n")]).with_values_of(Some(&first));
        for snapshot in [first, second] {
            assert_eq!(snapshot.values_at, Some(UNIX_EPOCH + Duration::from_secs(1)));
            let said: String = snapshot.written(0).iter().map(|page| page.text()).collect();
            assert_eq!(said, "up 0\nc 7\n");
        }
        assert_eq!(at(4, vec![page("up 0\n")]).with_values_of(None).values_at, None);
    }
}
