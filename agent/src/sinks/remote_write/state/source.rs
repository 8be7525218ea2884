//! One source: what it says, what the agent says of it, and when it was looked at.

use std::sync::Arc;

use super::Shards;
use super::known::Known;
use super::origin::{self, CounterOrigin, NEARLY, Process, Start};
use super::pass::Pass;
use crate::snapshot::Snapshot;

/// What was told of one source.
#[derive(Debug)]
pub(super) struct Source {
    /// What the agent itself says of the source.
    report: Known,
    /// What the source says.
    values: Known,
    /// Its native histograms.
    natives: Known,
    /// When it was looked at last, in milliseconds since 1970; before that, since when anybody looks.
    looked_ms: i64,
    looked: bool,
    /// When the newest values were read that were told.
    values_ms: i64,
    /// Nobody was there at the last look.
    absent: bool,
    /// Since when anybody looks.
    since_ms: i64,
    /// When its process began, as it says or as whoever started it knows.
    process_ms: Option<i64>,
    /// When its counters began.
    start_ms: Option<i64>,
}

impl Source {
    pub(super) fn new(since_ms: i64) -> Self {
        Self {
            report: Known::report(),
            values: Known::values(),
            natives: Known::natives(),
            looked_ms: since_ms,
            looked: false,
            values_ms: i64::MIN,
            absent: false,
            since_ms,
            process_ms: None,
            start_ms: None,
        }
    }

    /// When the counters of this reading began that are new or fell.
    pub(super) fn start(&mut self, snapshot: &Snapshot, origin: CounterOrigin, at: i64) -> Start {
        let process = (origin == CounterOrigin::Process).then(|| origin::process(snapshot)).flatten();
        // There never were any values, as nobody was there, or an app that the agent itself has started: what was
        // counted until the last look, nobody saw.
        let is_ours = snapshot.counters.since.is_some();
        let unseen = self.looked && (self.absent || is_ours) && self.values_ms == i64::MIN;
        let says = match process {
            Some(Process { start_ms: None }) if unseen => Some(self.looked_ms + 1),
            Some(Process { start_ms: Some(start) }) if unseen && start > self.since_ms => {
                Some(start.max(self.looked_ms + 1))
            }
            process => process.and_then(|process| process.start_ms),
        };
        let process = process.and_then(|process| process.start_ms);
        // One that is computed anew each time is off by a clock tick or so; one that is younger than the last
        // look is another's.
        let moved = says.is_some_and(|says| {
            let differs = |before: i64| process.is_some_and(|process| process.abs_diff(before) > NEARLY);
            says > self.looked_ms || self.process_ms.is_none_or(differs)
        });
        if moved {
            (self.start_ms, self.process_ms) = (says, process);
        }
        let begins = says.and(self.start_ms).filter(|start| *start > self.looked_ms && *start < at);
        Start { known_ms: self.start_ms.unwrap_or(0), moved, begins_ms: begins }
    }

    pub(super) fn end(mut self, at: i64, out: &mut Shards) {
        self.values.stale(at, out);
        self.natives.stale(at, out);
        self.report.stale(at, out);
    }

    /// How many series are known of it.
    pub(super) fn series(&self) -> usize {
        self.report.len() + self.values.len() + self.natives.len()
    }

    /// When it was looked at last, or since when anybody looks.
    pub(super) fn looked_ms(&self) -> i64 {
        self.looked_ms
    }

    /// Takes a reading of this time: its values, which may be older, then what is said of it.
    pub(super) fn feed(&mut self, snapshot: &Arc<Snapshot>, at: i64, pass: &mut Pass<'_>) {
        // Values that are shown once more are not new because of that.
        let values_at = pass.at;
        let again = snapshot.values_at.is_some() && values_at <= self.values_ms;
        let brings = snapshot.pages.len() > 1 && !again;
        if brings || snapshot.up {
            self.values.feed(snapshot, pass);
            self.natives.feed(snapshot, pass);
            self.values_ms = self.values_ms.max(values_at);
        }
        (pass.at, pass.start) = (at, Start::default());
        self.report.feed(snapshot, pass);
        // Older values beside a failed reading: the source is down now, and they were its last.
        if !snapshot.up && (!brings || values_at < at) {
            self.values.stale(at, pass.out);
            self.natives.stale(at, pass.out);
        }
        self.looked_ms = self.looked_ms.max(at);
        (self.looked, self.absent) = (true, snapshot.absent);
    }
}
