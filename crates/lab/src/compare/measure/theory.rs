//! What a figure should be, and how far a measured one may be from it.
//!
//! With S between scrapes, I between pushes, L a life, P the period of a path (S by pull, I by push), and
//! n instances:
//!
//! - A crash at a random moment leaves `1 - P/(2L)` of the events where L >= P, else `L/(2P)`. One instance
//!   is off by sigma = `P/(L sqrt 12)`, else `sqrt(L/(3P) - (L/2P)^2)`: n may be off by 3 sigma/sqrt(n) + 0.03.
//! - A clean end: push, at least 0.98. Pull as after a crash, but for 0.3 s longer `/metrics` is still there and
//!   has everything. With a linger of one interval pull of a known address has 0.98, too.
//! - `increase()` of a push whose instance lived for a tenth of S has next to nothing to grow from: 0.15.
//! - An event is U(0, S) old by pull: p50 S/2, p95 0.95 S; by push (S + I)/2, and below S + I. Within 0.4 s
//!   and 0.8 s, and by push 3 S/sqrt(12 n) more: each instance keeps its phase between push and scrape.
//!   Only of lives of four periods and more: in short ones a large part of the events is in the first period.
//! - A dead instance is seen by pull for S + 1 s, or, where discovery removes it first, 2.1 S + 1 s; at our gateway for its lifetime + S + I, at the real one as
//!   long as it is watched.
//! - `up` is noticed in U(0, S); T is S + I to S + I + 2.5 s, and less where few instances tried to be unlucky:
//!   the largest of n phases is above `I (1 - 4.6/n)` in 99 of 100 runs.
//!
//! Remote write is seen as soon as it is written, and `D = 1 s`, the agent's `batch_deadline`, may pass before:
//!
//! - Age: p50 `I/2 + D`, within 0.4 s and 0.6 D below; below `I + D`, within 0.8 s.
//! - A crash of app and agent takes what waits in the agent, too: a life is D shorter, or not.
//! - An end in order, and a page that fails to answer, are marked stale: 1 s, and `I + D + 1 s`. Nobody marks what a dead agent
//!   wrote: it shows until the look-back has passed since its last sample.
//! - T is between I and `I + D + 2.5 s`: the age of the last sample of `up`, which has the scrape's time.
//! - `increase()` begins with 0 at the birth, and goes on for half the mean distance of samples after the last: of a
//!   life that ended in order, with n readings, it is `1 + 1/(2n)`. n is between `floor(L/I) + 1` and one more.
//!
//! None of it holds while the network or the gateway is disturbed; then nothing is expected.

use super::super::path::Path;
use super::super::pod::LAST_WORDS;
use super::super::results::Expected;
use super::super::scenario::{Birth, Cohort, Exit, Life, Network, Scenario, Times};

/// A cell, as far as theory has to know it.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// Which way.
    pub path: Path,
    /// Its scenario.
    pub scenario: &'a Scenario,
    /// Its cohort.
    pub cohort: &'a Cohort,
    /// The intervals.
    pub times: &'a Times,
    /// How long each instance lived, seconds.
    pub lives: Vec<f64>,
    /// For how long each was watched after its exit, seconds.
    pub watched: Vec<f64>,
    /// How many instances of all cohorts lived for S + 2 I: long enough to be of the age T.
    pub living: usize,
}

/// What a measure of a cell should be; none where theory says nothing of it.
pub fn expected(measure: &str, of: &Subject<'_>) -> Option<Expected> {
    if of.cohort.one_identity || of.lives.is_empty() || !of.scenario.faults.is_empty() {
        return None;
    }
    match (of.scenario.network, measure) {
        // Nothing reaches them.
        (Network::Nat, "capture_ratio" | "seen_ratio") if of.path.pulls() => within(0.0, 0.0),
        (Network::Nat, "capture_ratio") if of.cohort.exit == Exit::Term => within(0.98, 1.0),
        (Network::Plain, "capture_ratio") => capture(of),
        (Network::Plain, "increase_ratio") if of.path == Path::RemoteWrite => extrapolated(of),
        (Network::Plain, "increase_ratio") => {
            let short = of.known_life() <= of.times.scrape / 10.0;
            (of.cohort.exit == Exit::Term && !of.path.pulls() && short).then_some(())?;
            within(0.0, 0.15)
        }
        (Network::Plain, name) if name.starts_with("first_sample_") => first_sample(measure, of),
        (Network::Plain, name) if name.starts_with("freshness_") => freshness(measure, of),
        (Network::Plain, name) if name.starts_with("ghost_") => ghost(of),
        (Network::Plain, name) if name.starts_with("detection_") => detection(measure, of),
        _ => None,
    }
}

/// Intervals after its last scrape at which Prometheus marks a target's series stale that was removed
/// before the scrape that would have failed.
const REMOVED: f64 = 2.1;

/// Seconds that samples wait in an agent for others to go with them, by remote write: its `batch_deadline`.
const WAIT: f64 = 1.0;

/// The share that an end leaves of a life where `/metrics` stays for so long after it, and one instance's
/// standard deviation; 0 after a crash.
pub fn left(life: f64, period: f64, after: f64) -> (f64, f64) {
    // The last reading is uniform in one period before `life + after`. After the life it has all; before
    // it what there was then; before the birth there is none.
    let all = (after / period).min(1.0);
    let before = (life + after - period).clamp(0.0, life);
    let mean = all + (life.powi(2) - before.powi(2)) / (2.0 * period * life);
    let square = all + (life.powi(3) - before.powi(3)) / (3.0 * period * life.powi(2));
    (mean, (square - mean * mean).max(0.0).sqrt())
}

fn capture(of: &Subject<'_>) -> Option<Expected> {
    match (of.cohort.exit, of.path) {
        (Exit::Term, path) if !path.pulls() => within(0.98, 1.0),
        // The parent outlives its child, and looked at it a moment before.
        (Exit::Linger, Path::PullStatic) | (Exit::AppKill, Path::PushExec) => within(0.98, 1.0),
        // The wait for discovery comes on top, and has no theory.
        (_, Path::PullDiscovered) => None,
        (Exit::Kill, Path::RemoteWrite) => waited(of),
        (Exit::Kill | Exit::AppKill, _) => shares(of, 0.0),
        (Exit::Term, _) => shares(of, LAST_WORDS),
        _ => None,
    }
}

fn shares(of: &Subject<'_>, after: f64) -> Option<Expected> {
    let n = of.lives.len() as f64;
    let each: Vec<(f64, f64)> = of.lives.iter().map(|life| left(*life, of.period(), after)).collect();
    let mean = each.iter().map(|(share, _)| share).sum::<f64>() / n;
    let sigma = (each.iter().map(|(_, sigma)| sigma * sigma).sum::<f64>() / n).sqrt();
    let off = 3.0 * sigma / n.sqrt() + 0.03;
    within((mean - off).max(0.0), (mean + off).min(1.0))
}

/// What a crash leaves of lives whose last `WAIT` seconds may still have been in the agent.
fn waited(of: &Subject<'_>) -> Option<Expected> {
    let all = shares(of, 0.0)?;
    let lives = of.lives.iter().map(|life| (life - WAIT).max(f64::MIN_POSITIVE)).collect();
    let shorter = shares(&Subject { lives, ..of.clone() }, 0.0)?;
    let kept = of.lives.iter().map(|life| (1.0 - WAIT / life).max(0.0)).sum::<f64>() / of.lives.len() as f64;
    within((shorter.least * kept - 0.03).max(0.0), all.most)
}

/// What `increase()` makes of a life that was seen from its first event to its last.
fn extrapolated(of: &Subject<'_>) -> Option<Expected> {
    if of.cohort.exit != Exit::Term {
        return None;
    }
    let mean = |more: f64| {
        let shown = |life: &f64| 1.0 + 0.5 / ((life / of.times.push).floor() + more);
        of.lives.iter().map(shown).sum::<f64>() / of.lives.len() as f64
    };
    // Of very short lives the last events, which are a larger part of them, can be missed.
    within(mean(2.0) - 0.1, mean(1.0) + 0.05)
}

fn first_sample(measure: &str, of: &Subject<'_>) -> Option<Expected> {
    // Short lives are over before a late discovery, and the times below are of intervals of 5 s.
    let holds = of.path == Path::PullDiscovered && of.times.scrape >= 5.0 && shortest(&of.lives) >= 12.0;
    match measure {
        "first_sample_max_seconds" if holds => within(0.0, 12.0),
        // Instances born together are discovered together: that is one draw.
        "first_sample_p50_seconds" if holds && matches!(of.cohort.birth, Birth::Over(..)) => within(4.0, 8.0),
        _ => None,
    }
}

fn freshness(measure: &str, of: &Subject<'_>) -> Option<Expected> {
    let Times { scrape, push, .. } = *of.times;
    let holds = matches!(of.cohort.exit, Exit::Kill | Exit::Stay)
        && of.path != Path::PullDiscovered
        && shortest(&of.lives) >= 4.0 * scrape.max(push);
    if !holds {
        return None;
    }
    let phase = 3.0 * scrape / (12.0 * of.lives.len() as f64).sqrt();
    if of.path == Path::RemoteWrite {
        return match measure {
            "freshness_p50_seconds" => within(push / 2.0 + 0.4 * WAIT - 0.4, push / 2.0 + WAIT + 0.4),
            "freshness_p95_seconds" => within(0.0, push + WAIT + 0.8),
            _ => None,
        };
    }
    match (measure, of.path.pulls()) {
        ("freshness_p50_seconds", true) => around(scrape / 2.0, 0.4),
        ("freshness_p95_seconds", true) => around(0.95 * scrape, 0.8),
        ("freshness_p50_seconds", false) => around(f64::midpoint(scrape, push), 0.4 + phase),
        ("freshness_p95_seconds", false) => within(0.0, scrape + push + 0.8),
        _ => None,
    }
}

fn ghost(of: &Subject<'_>) -> Option<Expected> {
    let Times { scrape, push, lifetime, lookback, .. } = *of.times;
    match of.path {
        _ if !matches!(of.cohort.exit, Exit::Kill | Exit::Term | Exit::Linger) => None,
        Path::PullStatic => within(0.0, scrape + 1.0),
        Path::PullDiscovered => within(0.0, REMOVED * scrape + 1.0),
        Path::PushOurs | Path::PushExec => within(0.0, lifetime + scrape + push),
        Path::RemoteWrite if of.cohort.exit != Exit::Kill => within(0.0, push + WAIT + 1.0),
        Path::PushReal | Path::PushRealFile | Path::RemoteWrite if of.watched.is_empty() => None,
        Path::RemoteWrite => {
            let least = shortest(&of.watched).min(lookback) - push - WAIT - 1.0;
            within(least.max(0.0), longest(&of.watched).min(lookback) + 1.0)
        }
        // For ever, of which the run saw so much.
        Path::PushReal | Path::PushRealFile => {
            within((shortest(&of.watched) - 1.0).max(0.0), longest(&of.watched) + 1.0)
        }
    }
}

fn detection(measure: &str, of: &Subject<'_>) -> Option<Expected> {
    let Times { scrape, push, .. } = *of.times;
    match (measure, of.path.pulls(), of.cohort.exit) {
        ("detection_threshold_seconds", ..) => {
            (of.living > 0).then_some(())?;
            let unlucky = push * (1.0 - (4.6 / of.living as f64).min(1.0));
            if of.path == Path::RemoteWrite {
                return within(unlucky, push + WAIT + 2.5);
            }
            within(scrape + unlucky, scrape + push + 2.5)
        }
        ("detection_max_seconds", true, Exit::Kill | Exit::AppKill) => {
            let intervals = if of.path == Path::PullDiscovered { REMOVED } else { 1.0 };
            within(0.0, intervals * scrape + 1.0)
        }
        // Of shorter lives only those are noticed that a scrape has just seen: their next one is far.
        ("detection_p50_seconds", true, Exit::Kill | Exit::AppKill)
            if of.path == Path::PullStatic && shortest(&of.lives) >= scrape =>
        {
            // The median of n is a quarter less sure than their mean.
            let off = 3.0 * 1.25 * scrape / (12.0 * of.lives.len() as f64).sqrt();
            within((scrape / 2.0 - off).max(0.0), (scrape / 2.0 + off).min(scrape) + 1.0)
        }
        ("detection_max_seconds", _, Exit::AppKill) if of.path == Path::RemoteWrite => {
            within(0.0, push + WAIT + 1.0)
        }
        // The agent has to scrape, then Prometheus.
        ("detection_max_seconds", false, Exit::AppKill) => within(0.0, scrape + push + 1.0),
        _ => None,
    }
}

impl Subject<'_> {
    fn period(&self) -> f64 {
        if self.path.pulls() { self.times.scrape } else { self.times.push }
    }

    /// The life that the scenario asked for: a measured one is a little longer, and has the linger.
    fn known_life(&self) -> f64 {
        match self.cohort.life {
            Some(Life::For(seconds) | Life::Between(_, seconds)) => seconds,
            None => f64::INFINITY,
        }
    }
}

fn shortest(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(f64::INFINITY, f64::min)
}

fn longest(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(0.0, f64::max)
}

#[allow(clippy::unnecessary_wraps, reason = "the arms of a match that has a none")]
fn within(least: f64, most: f64) -> Option<Expected> {
    Some(Expected { least, most })
}

fn around(value: f64, off: f64) -> Option<Expected> {
    within(value - off, value + off)
}

#[cfg(test)]
mod tests;
