//! Groups found, sorted and cut to a page: for the API and for the page for people.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exposition::GroupingKey;

use crate::groups::{Group, Id, Snapshot};
use crate::selector::Selector;
use crate::store::Store;

/// Groups that are ended under one lock: what a push may have to wait for.
const AT_ONCE: usize = 256;

/// Which groups are wanted.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// All.
    All,
    /// Those whose labels, as `name="value"`, contain each of these words in any case.
    Words(Vec<String>),
    /// Those of a selector.
    Selected(Selector),
}

/// What they are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// When they first came.
    Age,
    /// The grouping key.
    Group,
    /// The last good push.
    Pushed,
    /// The end; those that have none come last.
    Expires,
    /// The number of series.
    Series,
    /// The bytes of text.
    Bytes,
    /// The last failure.
    Failed,
    /// Who pushed.
    Pusher,
}

/// One group as it is shown.
#[derive(Debug, Clone)]
pub struct Row {
    /// What identifies it.
    pub key: GroupingKey,
    /// The last good push.
    pub pushed: Option<SystemTime>,
    /// The last failure, with the reason where that is known.
    pub failure: Option<(SystemTime, Option<String>)>,
    /// When it ends, by the wall's clock.
    pub ends: Option<SystemTime>,
    /// How long it will live.
    pub left: Option<Duration>,
    /// Who pushed last, where that was said.
    pub pusher: Option<String>,
    /// Series held.
    pub series: usize,
    /// Bytes of text held.
    pub bytes: usize,
}

/// A part of the groups, and figures of all.
#[derive(Debug)]
pub struct Listing {
    /// Groups held.
    pub groups: usize,
    /// Their series.
    pub series: usize,
    /// Their bytes of text.
    pub bytes: usize,
    /// Groups that are wanted.
    pub found: usize,
    /// Those of the page.
    pub rows: Vec<Row>,
}

impl Listing {
    /// No rows, but the figures of all groups.
    pub fn of_none(groups: &Snapshot) -> Self {
        let (series, bytes) = (groups.series(), groups.bytes());
        Self { groups: groups.len(), series, bytes, found: 0, rows: Vec::new() }
    }
}

/// Groups that a deletion ended, or would end.
#[derive(Debug, Default)]
pub struct Deleted {
    /// How many.
    pub groups: usize,
    /// Their series.
    pub series: usize,
    /// The first of them.
    pub keys: Vec<GroupingKey>,
}

/// What a group is sorted by. Only one kind occurs in one listing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number(u128),
    Text(String),
    Key(Arc<GroupingKey>),
    End(Instant),
    Never,
}

/// A page of the groups that are wanted.
pub fn list(
    store: &Store,
    wanted: &Wanted,
    (column, descending): (Column, bool),
    offset: usize,
    limit: usize,
) -> Listing {
    let mut found = Vec::new();
    let mut text = String::new();
    let groups = store.snapshot();
    for group in groups.iter() {
        if wanted.contains(&group.key, &mut text) {
            found.push((rank(group, column), group.id));
        }
    }
    found.sort_unstable();
    if descending {
        found.reverse();
    }
    let now = Instant::now();
    let rows = found.iter().skip(offset).take(limit).filter_map(|(_, id)| groups.numbered(*id));
    let rows = rows.map(|group| row(group, now)).collect();
    Listing { found: found.len(), rows, ..Listing::of_none(&groups) }
}

/// Ends the groups of a selector that were there when this began; or says only which those are. The keys of
/// `most` are told.
pub fn delete(store: &Store, selector: &Selector, dry_run: bool, most: usize) -> Deleted {
    let mut deleted = Deleted::default();
    let groups = store.snapshot();
    let doomed: Vec<Id> =
        groups.iter().filter(|group| selector.matches(&group.key)).map(|group| group.id).collect();
    // What is ended is freed only where nobody reads it.
    drop(groups);
    for ids in doomed.chunks(AT_ONCE) {
        let mut groups = store.lock();
        for id in ids {
            let Some(group) = groups.numbered(*id) else { continue };
            deleted.groups += 1;
            deleted.series += group.series;
            let key = Arc::clone(&group.key);
            if !dry_run {
                groups.delete(&key);
            }
            if deleted.keys.len() < most {
                deleted.keys.push((*key).clone());
            }
        }
    }
    deleted
}

impl Wanted {
    fn contains(&self, key: &GroupingKey, text: &mut String) -> bool {
        match self {
            Self::All => true,
            Self::Selected(selector) => selector.matches(key),
            Self::Words(words) => {
                text.clear();
                for (name, value) in key.iter() {
                    text.extend(
                        [name, "=\"", value, "\"\n"]
                            .into_iter()
                            .flat_map(str::chars)
                            .flat_map(char::to_lowercase),
                    );
                }
                words.iter().all(|word| text.contains(word.as_str()))
            }
        }
    }
}

fn rank(group: &Group, column: Column) -> Rank {
    let time = |time: Option<SystemTime>| {
        time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |time| time.as_nanos())
    };
    match column {
        Column::Age => Rank::Number(0),
        Column::Group => Rank::Key(Arc::clone(&group.key)),
        Column::Pushed => Rank::Number(time(group.pushed)),
        Column::Expires => group.expires.map_or(Rank::Never, Rank::End),
        Column::Series => Rank::Number(group.series as u128),
        Column::Bytes => Rank::Number(group.bytes as u128),
        Column::Failed => Rank::Number(time(group.failure().map(|(at, _)| at))),
        Column::Pusher => Rank::Text(group.pusher().unwrap_or_default().to_owned()),
    }
}

fn row(group: &Group, now: Instant) -> Row {
    Row {
        key: (*group.key).clone(),
        pushed: group.pushed,
        failure: group.failure().map(|(at, why)| (at, why.map(str::to_owned))),
        ends: group.ends,
        left: group.expires.map(|end| end.saturating_duration_since(now)),
        pusher: group.pusher().map(str::to_owned),
        series: group.series,
        bytes: group.bytes,
    }
}
