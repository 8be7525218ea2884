//! Small runs by hand: one path, one cohort, S = I = 5 s, a poll each second unless a test says so.

use super::super::observed::{Happened, Observed, Pod, Poll, Rates, Raw, Seen};
use super::super::path::Path;
use super::super::results::{Cell, Figure};
use super::super::scenario::{Birth, Cohort, Exit, Network, Scenario, Times};
use super::cells;

/// A run under construction; times are seconds since it began, at 1,000.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) path: Path,
    pub(super) scenario: Scenario,
    pub(super) times: Times,
    pub(super) observed: Observed,
}

pub(super) const BEGAN: f64 = 1000.0;

impl Run {
    pub(super) fn new(path: Path, seconds: f64) -> Self {
        let cohort = Cohort {
            name: "all".to_owned(),
            pods: 0,
            birth: Birth::At(0.0),
            life: None,
            exit: Exit::Stay,
            one_identity: false,
        };
        Self {
            path,
            scenario: Scenario {
                name: "test",
                question: "",
                paths: vec![path],
                cohorts: vec![cohort],
                faults: Vec::new(),
                network: Network::Plain,
                seconds,
                hold: 12.0,
                alone: false,
                beside: false,
            },
            times: Times { scrape: 5.0, push: 5.0, lookback: 300.0, lifetime: 20.0, rate: 1.0 },
            observed: Observed {
                scrape_interval: 5.0,
                push_interval: 5.0,
                lookback: 300.0,
                began: BEGAN,
                ended: BEGAN + seconds,
                paths: vec![path],
                ..Observed::default()
            },
        }
    }

    pub(super) fn exit(mut self, exit: Exit) -> Self {
        self.scenario.cohorts[0].exit = exit;
        self
    }

    pub(super) fn one_identity(mut self) -> Self {
        self.scenario.cohorts[0].one_identity = true;
        self
    }

    pub(super) fn fault(mut self, from: f64, until: f64) -> Self {
        let what = "link cut".to_owned();
        self.observed.faults.push(Happened { what, from: BEGAN + from, until: BEGAN + until });
        self
    }

    /// Born at 0, with events at these times; with an exit that is not its cohort's `Stay`.
    pub(super) fn pod(mut self, truth: &[f64], exit: Option<f64>) -> Self {
        let how = self.scenario.cohorts[0].exit;
        self.observed.pods.push(Pod {
            cohort: 0,
            born: BEGAN,
            exited: exit.map(|at| (BEGAN + at, how)),
            truth: truth.iter().map(|at| BEGAN + at).collect(),
        });
        self
    }

    /// What is stored of the last pod.
    pub(super) fn raw(mut self, samples: &[(f64, f64)], increase: Option<f64>) -> Self {
        let samples = samples.iter().map(|(at, value)| (BEGAN + at, *value)).collect();
        let pod = self.observed.pods.len() - 1;
        self.observed.raw.push(Raw { path: self.path, pod, samples, increase });
        self
    }

    pub(super) fn rates(mut self, points: &[(f64, f64)]) -> Self {
        let points = points.iter().map(|(at, rate)| (BEGAN + at, *rate)).collect();
        let pod = self.observed.pods.len() - 1;
        self.observed.rates.push(Rates { path: self.path, pod, points });
        self
    }

    /// What a poll at this time saw of all pods, in their order.
    pub(super) fn poll(mut self, at: f64, seen: &[Option<Seen>]) -> Self {
        let seen = seen.iter().enumerate();
        let seen = seen.filter_map(|(pod, seen)| seen.map(|seen| Seen { pod, ..seen })).collect();
        let ended = BEGAN + at;
        self.observed.polls.push(Poll { path: self.path, began: ended - 0.01, ended, seen });
        self
    }

    /// A poll each second up to the end, of the only pod.
    pub(super) fn polls(mut self, seen: impl Fn(f64) -> Option<Seen>) -> Self {
        let mut second = 1.0;
        while BEGAN + second <= self.observed.ended {
            self = self.poll(second, &[seen(second)]);
            second += 1.0;
        }
        self
    }

    pub(super) fn cell(&self) -> Cell {
        cells(&self.scenario, &self.times, &self.observed).remove(0)
    }

    pub(super) fn figure(&self, name: &str) -> Option<Figure> {
        self.cell().figures.remove(name)
    }

    pub(super) fn value(&self, name: &str) -> Option<f64> {
        // Times of the order of 1,000 keep twelve digits.
        self.figure(name).and_then(|figure| figure.value).map(|value| (value * 1e9).round() / 1e9)
    }
}

#[allow(clippy::unnecessary_wraps, reason = "what a poll saw of an instance, which may be nothing")]
pub(super) fn counter(value: f64) -> Option<Seen> {
    Some(Seen { value: Some(value), ..Seen::default() })
}

/// Events at 1, 2, … so many.
pub(super) fn each_second(events: u32) -> Vec<f64> {
    (1..=events).map(f64::from).collect()
}
