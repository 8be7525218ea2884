//! How old an event is when it is first seen, and which events are seen never.
//!
//! Event k is visible at the end of the first poll whose value is at least k: 0 to 0.25 s late by polling.
//! Of stored events only, and of instances that lived for at least 5 S, at most 5 s: shorter ones
//! have no event that could be late.
//!
//! - `freshness_p50_seconds`, `freshness_p95_seconds`: of events that were visible
//! - `never_visible_ratio`: the share of stored events that no poll saw
//! - `first_sample_p50_seconds`, `first_sample_max_seconds`: from birth to the first stored sample, of
//!   instances that have one

use super::instances::{Instance, View};
use super::{Figures, estimate};

pub(super) fn add(view: &View<'_>, figures: &mut Figures) {
    let least = (view.times.scrape * 5.0).min(5.0);
    let mut ages = Vec::new();
    let mut never = Vec::new();
    let mut all = 0;
    for one in view.instances.iter().filter(|one| one.life() >= least) {
        let (visible, stored) = visible(view, one);
        never.push(((stored - visible.len()) as f64, stored as f64));
        ages.push(visible);
        all += stored as u64;
    }
    figures.add("freshness_p50_seconds", estimate::quantile(&ages, 0.5));
    figures.add("freshness_p95_seconds", estimate::quantile(&ages, 0.95));
    never.retain(|(_, stored)| *stored > 0.0);
    let mut ratio = estimate::ratio(&never);
    if let Some(ratio) = &mut ratio {
        ratio.n = all;
    }
    figures.add("never_visible_ratio", ratio);

    let first: Vec<f64> = view
        .instances
        .iter()
        .filter_map(|one| one.samples.first().map(|(at, _)| (at - one.pod.born).max(0.0)))
        .collect();
    figures.add("first_sample_p50_seconds", estimate::quantile_of(&first, 0.5));
    figures.add("first_sample_max_seconds", estimate::largest(&first));
}

/// The ages of its stored events that were visible, and how many were stored.
fn visible(view: &View<'_>, one: &Instance<'_>) -> (Vec<f64>, usize) {
    let largest = one.largest();
    let stored = (1..=one.truth.len()).take_while(|event| *event as f64 <= largest).count();
    let mut ages = Vec::new();
    // Events become visible in their order: what was seen of a counter that went back stays seen.
    for (poll, seen) in view.polls.iter().zip(&one.seen) {
        let value = seen.and_then(|seen| seen.value).unwrap_or(0.0).max(0.0);
        while ages.len() < stored && value >= (ages.len() + 1) as f64 {
            // The counter may be a moment ahead of the file.
            ages.push((poll.ended - one.truth[ages.len()]).max(0.0));
        }
    }
    (ages, stored)
}
