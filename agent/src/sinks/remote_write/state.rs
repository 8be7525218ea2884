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
mod shards;
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
use known::{Known, Pass};
use labels::Labeller;
use origin::Start;
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

/// What was told of one source.
#[derive(Debug)]
struct Source {
    /// What the agent itself says of the source.
    report: Known,
    /// What the source says.
    values: Known,
    /// When it was looked at last, in milliseconds since 1970; before that, since when anybody looks.
    looked_ms: i64,
    looked: bool,
    /// When the newest values were read that were told.
    values_ms: i64,
    /// Nobody was there at the last look.
    absent: bool,
    /// When its process began, as it says.
    start_ms: Option<i64>,
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
        let source = self.sources.entry(snapshot.key.clone()).or_insert_with(|| Source::new(since));
        let values_at = snapshot.values_at.map_or(at, milliseconds);
        let start = source.start(snapshot, self.origin, values_at);
        let mut pass = Pass {
            at: values_at,
            start,
            floor: source.looked_ms,
            origin: self.origin,
            labeller: &self.labeller,
            told: &mut self.told,
            not_sent: &mut self.not_sent,
            out,
        };
        // Values that are shown once more are not new because of that.
        let again = snapshot.values_at.is_some() && values_at <= source.values_ms;
        let brings = snapshot.pages.len() > 1 && !again;
        if brings || snapshot.up {
            source.values.feed(snapshot, &mut pass);
            source.values_ms = source.values_ms.max(values_at);
        }
        (pass.at, pass.start) = (at, Start::default());
        source.report.feed(snapshot, &mut pass);
        // Older values beside a failed reading: the source is down now, and they were its last.
        if !snapshot.up && (!brings || values_at < at) {
            source.values.stale(at, pass.out);
        }
        source.looked_ms = source.looked_ms.max(at);
        (source.looked, source.absent) = (true, snapshot.absent);
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

    /// Goes on under other rules. All series may be called otherwise from now on, so those of before end.
    pub fn alter(&mut self, rules: Rules, now: SystemTime, out: &mut Shards) {
        self.end(OnShutdown::Stale, now, out);
        self.labeller = Labeller::new(rules.labels);
        (self.origin, self.told) = (rules.origin, Told::each(rules.metadata_every));
        self.since_ms = self.since_ms.max(milliseconds(now));
    }

    /// How many samples were not sent so far, and why.
    pub fn not_sent(&self) -> NotSent {
        self.not_sent
    }

    /// How many series it knows.
    pub fn series(&self) -> usize {
        self.sources.values().map(|source| source.report.len() + source.values.len()).sum()
    }
}

impl Source {
    fn new(since_ms: i64) -> Self {
        Self {
            report: Known::of(|snapshot| snapshot.pages.get(..1).unwrap_or_default()),
            values: Known::of(|snapshot| snapshot.pages.get(1..).unwrap_or_default()),
            looked_ms: since_ms,
            looked: false,
            values_ms: i64::MIN,
            absent: false,
            start_ms: None,
        }
    }

    /// When the counters of this reading began that are new or fell.
    fn start(&mut self, snapshot: &Snapshot, origin: CounterOrigin, at: i64) -> Start {
        let mut says = origin::process_start(snapshot.pages.iter().skip(1), origin);
        let never = self.values_ms == i64::MIN && self.looked;
        if says.is_none() && never && self.absent && origin == CounterOrigin::Process {
            // Nobody was there at the last look, and nobody ever before.
            says = Some(self.looked_ms + 1);
        }
        // One that is computed anew each time is off by a clock tick or so; one that is younger than the last
        // look is another's.
        let moved = says.is_some_and(|says| {
            says > self.looked_ms || self.start_ms.is_none_or(|before| says.abs_diff(before) > 2_000)
        });
        if moved {
            self.start_ms = says;
        }
        let begins = says.and(self.start_ms).filter(|start| *start > self.looked_ms && *start < at);
        Start { known_ms: self.start_ms.unwrap_or(0), moved, begins_ms: begins }
    }

    fn end(mut self, at: i64, out: &mut Shards) {
        self.values.stale(at, out);
        self.report.stale(at, out);
    }
}

/// Milliseconds since 1970.
fn milliseconds(time: SystemTime) -> i64 {
    let of = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -of(before.duration()), of)
}
