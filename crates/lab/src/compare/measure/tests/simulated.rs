//! Whole runs of a small world that knows neither the measures nor the theory: what is measured in it has
//! to be what theory expects. No process here is late, so nothing but chance is between them.

use std::collections::BTreeSet;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::super::super::observed::{Observed, Pod, Poll, Raw, Seen};
use super::super::super::path::Path;
use super::super::super::scenario::{Birth, Exit, Life};
use super::super::build::{BEGAN, Run};
use super::super::cells;

const SCRAPE: f64 = 5.0;
const PUSH: f64 = 5.0;
const LIFETIME: f64 = 20.0;

/// What Prometheus got at one time: none is a staleness marker.
type Sample = (f64, Option<Seen>);

/// From `first`, each `step`, before `end`.
fn times(first: f64, step: f64, end: f64) -> impl Iterator<Item = f64> {
    (0..).map(move |round| first + f64::from(round) * step).take_while(move |at| *at < end)
}

fn events(truth: &[f64], at: f64) -> f64 {
    truth.partition_point(|event| *event <= at) as f64
}

fn samples(path: Path, pod: &Pod, phases: [f64; 2], ended: f64) -> Vec<Sample> {
    let (exit, how) = pod.exited.unwrap();
    if path.pulls() {
        let seen = |at| {
            let up = if at < exit { 1.0 } else { 0.0 };
            let value = (at < exit).then(|| events(&pod.truth, at));
            (at, Some(Seen { value, up: Some(up), ..Seen::default() }))
        };
        return times(BEGAN + phases[0], SCRAPE, ended).filter(|at| *at >= pod.born).map(seen).collect();
    }
    let mut pushes: Vec<f64> =
        std::iter::once(pod.born).chain(times(pod.born + phases[1], PUSH, exit)).collect();
    if how == Exit::Term {
        pushes.push(exit);
    }
    let seen = |at: f64| {
        let last = pushes.iter().rev().find(|push| **push <= at)?;
        let gone = path == Path::PushOurs && at > last + LIFETIME;
        let value = Some(events(&pod.truth, *last));
        let up = Some(1.0);
        Some((at, (!gone).then_some(Seen { value, up, pushed: Some(*last), ..Seen::default() })))
    };
    // One gateway: all instances are scraped at once.
    times(BEGAN + 1.3, SCRAPE, ended).filter_map(seen).collect()
}

fn world(path: Path, exit: Exit, life: f64, pods: usize, seed: u64) -> Run {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut run = Run::new(path, 100.0 + life + 45.0).exit(exit);
    run.times.rate = 20.0;
    run.scenario.cohorts[0].birth = Birth::Over(0.0, 100.0);
    run.scenario.cohorts[0].life = Some(Life::For(life));
    let ended = run.observed.ended;
    let mut all = Vec::new();
    for index in 0..pods {
        let born = BEGAN + random.random_range(0.0..100.0);
        let phases = [random.random_range(0.0..SCRAPE), random.random_range(0.0..PUSH)];
        let truth = times(born + 0.025, 0.05, born + life).collect();
        let pod = Pod { cohort: 0, born, exited: Some((born + life, exit)), truth };
        let samples = samples(path, &pod, phases, ended);
        let stored = samples.iter().filter_map(|(at, seen)| Some((*at, seen.as_ref()?.value?)));
        run.observed.raw.push(Raw { path, pod: index, samples: stored.collect(), increase: None });
        run.observed.pods.push(pod);
        all.push(samples);
    }
    run.observed.polls = times(BEGAN, 0.25, ended).map(|at| poll(path, &all, at)).collect();
    run
}

fn poll(path: Path, all: &[Vec<Sample>], at: f64) -> Poll {
    let last = |(pod, samples): (usize, &Vec<Sample>)| {
        let after = samples.partition_point(|(time, _)| *time <= at);
        let seen = samples.get(after.checked_sub(1)?)?.1?;
        Some(Seen { pod, ..seen })
    };
    Poll { path, began: at, ended: at, seen: all.iter().enumerate().filter_map(last).collect() }
}

#[test]
fn what_is_measured_is_what_theory_expects() {
    let mut checked = BTreeSet::new();
    for (seed, path) in (1..).zip([Path::PullStatic, Path::PushOurs, Path::PushReal]) {
        for (exit, life) in [(Exit::Kill, 2.0), (Exit::Kill, 25.0), (Exit::Term, 2.0), (Exit::Term, 25.0)] {
            let run = world(path, exit, life, 60, seed);
            let Observed { pods, .. } = &run.observed;
            assert_eq!(pods.len(), 60);
            for cell in cells(&run.scenario, &run.times, &run.observed) {
                for (name, figure) in cell.figures {
                    let (Some(value), Some(expected)) = (figure.value, figure.expected) else { continue };
                    let within = (expected.least..=expected.most).contains(&value);
                    assert!(within, "{} {exit:?} {life}: {name} {figure:?}", path.name());
                    checked.insert((path.name(), name));
                }
            }
        }
    }
    let ghosts = ["ghost_max_seconds", "ghost_p50_seconds"];
    let fresh = ["freshness_p50_seconds", "freshness_p95_seconds"];
    let noticed = ["detection_max_seconds", "detection_p50_seconds"];
    for (path, more) in [
        ("pull-static", noticed.as_slice()),
        ("push-ours", &["detection_threshold_seconds"]),
        ("push-real", &["detection_threshold_seconds"]),
    ] {
        for name in ["capture_ratio"].iter().chain(&ghosts).chain(&fresh).chain(more) {
            assert!(checked.contains(&(path, (*name).to_owned())), "{path} {name} was never checked");
        }
    }
}
