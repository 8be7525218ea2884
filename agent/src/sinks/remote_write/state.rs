//! Scrape truth: from what a source said to the samples that Prometheus would have stored of it.
//!
//! A receiver of remote write sees no scrapes. Whoever writes has to say that a series ended, that a target
//! is down, and when a counter began. All of that is decided here, without clock, task or socket:
//!
//! - one timestamp for all samples of a scrape, `up` and the others about it too, unless a sample has its own
//! - a staleness marker, once, when a series leaves its page, a scrape fails, or a source goes
//! - the zero with which a counter began, where it began since the source was looked at last
//!
//! Rules: remote write 1.0, "Stale Markers", "Labels", "Ordering"; 2.0-rc.4, "Start Timestamp"; and for what
//! they leave open, how Prometheus' scrape loop does it.

mod entry;
mod exemplars;
mod find;
mod known;
mod labels;
mod not_sent;
mod origin;
mod pass;
mod sending;
mod shards;
mod source;
mod told;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exposition::GroupingKey;

pub use labels::External;
pub use not_sent::NotSent;
pub use origin::CounterOrigin;
pub use shards::{Shards, shard_of};

use crate::snapshot::Snapshot;
use labels::Labeller;
use pass::Pass;
use source::Source;
use told::Told;

/// What becomes of live series when the agent ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnShutdown {
    /// Each gets its staleness marker: nobody writes it from now on.
    #[default]
    Stale,
    /// Nothing is said, as an agent comes back soon that goes on with them.
    Keep,
}

/// How one endpoint is told.
#[derive(Debug, Default)]
pub struct Rules {
    /// Labels for all samples, and `write_relabel_configs`.
    pub labels: External,
    /// How often a family's help text is sent; `None`: never.
    pub metadata_every: Option<Duration>,
    /// By what a counter's beginning is known.
    pub origin: CounterOrigin,
}

/// What one endpoint was told of all sources.
#[derive(Debug)]
pub struct State {
    labeller: Labeller,
    origin: CounterOrigin,
    told: Told,
    not_sent: NotSent,
    since_ms: i64,
    /// One group is one source's. Where another takes the group over, its series go on.
    sources: HashMap<GroupingKey, Source>,
}

impl State {
    /// Nothing was told yet, and before `since` nobody looked at any source: a process that is older than
    /// that may have been written of by somebody else.
    pub fn new(rules: Rules, since: SystemTime) -> Self {
        Self {
            labeller: Labeller::new(rules.labels),
            origin: rules.origin,
            told: Told::each(rules.metadata_every),
            not_sent: NotSent::default(),
            since_ms: milliseconds(since),
            sources: HashMap::new(),
        }
    }

    /// Takes one reading of a source, failed or not.
    pub fn feed(&mut self, snapshot: &Arc<Snapshot>, out: &mut Shards) {
        let at = milliseconds(snapshot.taken_at);
        let since = self.since_ms;
        let origin = snapshot.counters.origin.map_or(self.origin, Into::into);
        if !self.sources.contains_key(&snapshot.key) {
            self.sources.insert(snapshot.key.clone(), Source::new(since));
        }
        let Some(source) = self.sources.get_mut(&snapshot.key) else { return };
        let values_at = snapshot.values_at.map_or(at, milliseconds);
        let mut pass = Pass {
            at: values_at,
            start: source.start(snapshot, origin, values_at),
            floor: source.looked_ms(),
            origin,
            labeller: &self.labeller,
            told: &mut self.told,
            not_sent: &mut self.not_sent,
            out,
        };
        source.feed(snapshot, at, &mut pass);
    }

    /// A source is not read any more: its series end, `up` too. Of one that nobody takes over the agent makes
    /// a last snapshot while it goes on itself; that is to come here, not into [`State::feed`].
    pub fn gone(&mut self, key: &GroupingKey, now: SystemTime, out: &mut Shards) {
        if let Some(source) = self.sources.remove(key) {
            source.end(milliseconds(now), out);
        }
    }

    /// The agent ends, after the last readings of all sources.
    pub fn end(&mut self, on_shutdown: OnShutdown, now: SystemTime, out: &mut Shards) {
        for (_, source) in self.sources.drain() {
            if on_shutdown == OnShutdown::Stale {
                source.end(milliseconds(now), out);
            }
        }
    }

    /// Goes on under other rules. Where series are called otherwise by them, those of before end.
    pub fn alter(&mut self, rules: Rules, now: SystemTime, out: &mut Shards) {
        if !self.labeller.is_of(&rules.labels) {
            self.end(OnShutdown::Stale, now, out);
            self.labeller = Labeller::new(rules.labels);
            self.since_ms = self.since_ms.max(milliseconds(now));
        }
        (self.origin, self.told) = (rules.origin, Told::each(rules.metadata_every));
    }

    /// How many samples were not sent so far, and why.
    pub fn not_sent(&self) -> NotSent {
        self.not_sent
    }

    /// How many series of a source it knows.
    pub(super) fn series_of(&self, key: &GroupingKey) -> usize {
        self.sources.get(key).map_or(0, Source::series)
    }

    /// How many series it knows.
    pub fn series(&self) -> usize {
        self.sources.values().map(Source::series).sum()
    }
}

/// Milliseconds since 1970.
pub(super) fn milliseconds(time: SystemTime) -> i64 {
    let of = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -of(before.duration()), of)
}
