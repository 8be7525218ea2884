//! Counts and times of one thread's requests, which add up.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::outcome::Kind;

/// Times from one microsecond to an hour, to three digits.
const RANGE: (u64, u64) = (1_000, 3_600_000_000_000);

/// One second of the plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Second {
    /// Good answers to requests planned in it.
    pub ok: u64,
    /// Errors of such requests.
    pub errors: u64,
    /// The sum of their latencies.
    pub sum: Duration,
    /// The longest of them.
    pub max: Duration,
}

/// What one request was like; times are since the beginning of the run.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// When it was meant to start; in a closed loop, when it did.
    pub planned: Duration,
    /// When a connection was free for it.
    pub free: Duration,
    /// When it did start.
    pub started: Duration,
    /// When it was over.
    pub ended: Duration,
    /// The answer's status, where all of its head came.
    pub status: Option<u16>,
    /// What was wrong.
    pub wrong: Option<Kind>,
}

/// Counts and times.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Requests that started.
    pub started: u64,
    /// Good answers.
    pub ok: u64,
    /// Answers by their status.
    pub status: BTreeMap<u16, u64>,
    /// Requests without a good answer, by what was wrong.
    pub wrong: BTreeMap<Kind, u64>,
    /// Nanoseconds from the planned start to the end: of all answers, and of those that did not come in time.
    pub latency: Histogram<u64>,
    /// Nanoseconds from the real start.
    pub service: Histogram<u64>,
    /// Nanoseconds by which we ourselves were late, though a connection was free.
    pub lateness: Histogram<u64>,
    /// Requests whose planned start was past when a connection became free.
    pub queued: u64,
    /// When the last one started.
    pub last_start: Duration,
    /// When the last one was over.
    pub last_end: Duration,
    /// By second of the planned start.
    pub seconds: Vec<Second>,
}

impl Default for Tally {
    fn default() -> Self {
        let [latency, service, lateness] = std::array::from_fn(|_| histogram());
        Self {
            started: 0,
            ok: 0,
            status: BTreeMap::new(),
            wrong: BTreeMap::new(),
            latency,
            service,
            lateness,
            queued: 0,
            last_start: Duration::ZERO,
            last_end: Duration::ZERO,
            seconds: Vec::new(),
        }
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(RANGE.0, RANGE.1, 3).unwrap_or_else(|_| unreachable!("the bounds are legal"))
}

impl Tally {
    /// All that are over.
    pub fn over(&self) -> u64 {
        self.ok + self.errors()
    }

    /// All without a good answer.
    pub fn errors(&self) -> u64 {
        self.wrong.values().sum()
    }

    /// Counts a request that starts.
    pub fn start(&mut self, at: Duration) {
        self.started += 1;
        self.last_start = self.last_start.max(at);
    }

    /// Counts one that is over.
    pub fn end(&mut self, sample: &Sample) {
        let latency = sample.ended.saturating_sub(sample.planned);
        if let Some(status) = sample.status {
            *self.status.entry(status).or_default() += 1;
        }
        match sample.wrong {
            None => self.ok += 1,
            Some(kind) => *self.wrong.entry(kind).or_default() += 1,
        }
        // A refused connection is quick, and would make the latencies look good.
        if matches!(sample.wrong, None | Some(Kind::Status | Kind::Timeout)) {
            self.latency.saturating_record(nanos(latency));
            self.service.saturating_record(nanos(sample.ended.saturating_sub(sample.started)));
        }
        let ready = sample.planned.max(sample.free);
        self.lateness.saturating_record(nanos(sample.started.saturating_sub(ready)));
        self.queued += u64::from(sample.free > sample.planned);
        self.last_end = self.last_end.max(sample.ended);
        let second = usize::try_from(sample.planned.as_secs()).unwrap_or(usize::MAX);
        if second >= self.seconds.len() {
            self.seconds.resize(second + 1, Second::default());
        }
        let row = &mut self.seconds[second];
        let good = sample.wrong.is_none();
        (row.ok, row.errors) = (row.ok + u64::from(good), row.errors + u64::from(!good));
        (row.sum, row.max) = (row.sum + latency, row.max.max(latency));
    }

    /// Adds another thread's.
    pub fn add(&mut self, other: &Self) {
        self.started += other.started;
        self.ok += other.ok;
        for (status, count) in &other.status {
            *self.status.entry(*status).or_default() += count;
        }
        for (kind, count) in &other.wrong {
            *self.wrong.entry(*kind).or_default() += count;
        }
        let pairs = [(&mut self.latency, &other.latency), (&mut self.service, &other.service)];
        for (ours, theirs) in pairs.into_iter().chain([(&mut self.lateness, &other.lateness)]) {
            // Both have the same bounds.
            let _ = ours.add(theirs);
        }
        self.queued += other.queued;
        self.last_start = self.last_start.max(other.last_start);
        self.last_end = self.last_end.max(other.last_end);
        if self.seconds.len() < other.seconds.len() {
            self.seconds.resize(other.seconds.len(), Second::default());
        }
        for (ours, theirs) in self.seconds.iter_mut().zip(&other.seconds) {
            (ours.ok, ours.errors) = (ours.ok + theirs.ok, ours.errors + theirs.errors);
            (ours.sum, ours.max) = (ours.sum + theirs.sum, ours.max.max(theirs.max));
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
