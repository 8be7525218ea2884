//! What one path saw of one cohort: each instance with its truth, its samples and its polls.

use super::super::observed::{Observed, Pod, Poll, Seen};
use super::super::path::Path;
use super::super::scenario::{Cohort, Exit, Scenario, Times};
use super::theory::Subject;

/// One path's view of one cohort.
pub(super) struct View<'a> {
    pub(super) path: Path,
    pub(super) cohort: &'a Cohort,
    pub(super) scenario: &'a Scenario,
    pub(super) times: &'a Times,
    pub(super) observed: &'a Observed,
    /// This path's polls, oldest first.
    pub(super) polls: Vec<&'a Poll>,
    /// Those that served at least one event.
    pub(super) instances: Vec<Instance<'a>>,
}

/// One instance by one path.
pub(super) struct Instance<'a> {
    pub(super) pod: &'a Pod,
    /// Its exit, or the end of the run.
    pub(super) until: f64,
    /// Its events up to the end of the run, oldest first: event k is at k - 1.
    pub(super) truth: Vec<f64>,
    pub(super) samples: &'a [(f64, f64)],
    pub(super) increase: Option<f64>,
    /// What each poll saw of it, in the order of [`View::polls`].
    pub(super) seen: Vec<Option<Seen>>,
    pub(super) rates: &'a [(f64, f64)],
}

impl<'a> View<'a> {
    pub(super) fn new(
        path: Path,
        cohort: usize,
        scenario: &'a Scenario,
        times: &'a Times,
        observed: &'a Observed,
    ) -> Self {
        let polls: Vec<&Poll> = observed.polls.iter().filter(|poll| poll.path == path).collect();
        let mut instances = Vec::new();
        // The pod's place among those of this cohort: one pass over the polls fills all of them.
        let mut places = vec![None; observed.pods.len()];
        for (index, pod) in observed.pods.iter().enumerate().filter(|(_, pod)| pod.cohort == cohort) {
            let mut truth: Vec<f64> = pod.truth.iter().copied().filter(|at| *at <= observed.ended).collect();
            truth.sort_by(f64::total_cmp);
            if truth.is_empty() {
                continue;
            }
            let raw = observed.raw.iter().find(|raw| (raw.path, raw.pod) == (path, index));
            let rates = observed.rates.iter().find(|rates| (rates.path, rates.pod) == (path, index));
            places[index] = Some(instances.len());
            instances.push(Instance {
                pod,
                until: pod.exited.map_or(observed.ended, |(at, _)| at),
                truth,
                samples: raw.map_or(&[], |raw| &raw.samples),
                increase: raw.and_then(|raw| raw.increase),
                seen: vec![None; polls.len()],
                rates: rates.map_or(&[], |rates| &rates.points),
            });
        }
        for (moment, poll) in polls.iter().enumerate() {
            for seen in &poll.seen {
                if let Some(place) = places.get(seen.pod).copied().flatten() {
                    instances[place].seen[moment] = Some(*seen);
                }
            }
        }
        Self { path, cohort: &scenario.cohorts[cohort], scenario, times, observed, polls, instances }
    }

    /// What theory has to know.
    pub(super) fn subject(&self) -> Subject<'_> {
        // Long enough to be as old as the living ever are: a push, and the last of its scrapes.
        let long = self.times.scrape + 2.0 * self.times.push;
        let lives = |pod: &Pod| pod.exited.map_or(self.observed.ended, |(at, _)| at) - pod.born >= long;
        let ended = self.polls.last().map_or(self.observed.ended, |poll| poll.ended);
        Subject {
            path: self.path,
            scenario: self.scenario,
            cohort: self.cohort,
            times: self.times,
            lives: self.instances.iter().map(Instance::life).collect(),
            watched: self.instances.iter().filter_map(Instance::exit).map(|(at, _)| ended - at).collect(),
            living: self.observed.pods.iter().filter(|pod| !pod.truth.is_empty() && lives(pod)).count(),
        }
    }
}

impl Instance<'_> {
    /// How many events it served.
    pub(super) fn events(&self) -> f64 {
        self.truth.len() as f64
    }

    /// How long it lived, or was watched.
    pub(super) fn life(&self) -> f64 {
        self.until - self.pod.born
    }

    /// The largest value that is stored; 0 without a sample.
    pub(super) fn largest(&self) -> f64 {
        largest(self.samples)
    }

    pub(super) fn exit(&self) -> Option<(f64, Exit)> {
        self.pod.exited
    }

    /// Its samples while it lived.
    pub(super) fn living_samples(&self) -> impl Iterator<Item = f64> + '_ {
        let (born, until) = (self.pod.born, self.until);
        self.samples.iter().map(|(at, _)| *at).filter(move |at| (born..=until).contains(at))
    }
}

pub(super) fn largest(samples: &[(f64, f64)]) -> f64 {
    samples.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).fold(0.0, f64::max)
}
