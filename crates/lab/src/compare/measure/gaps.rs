//! What is missing while an instance lives, and what was filled in afterwards.
//!
//! - `gap_max_seconds`: the longest time between two samples beyond the interval of scraping, not below 0
//! - `gap_ratio`: the share of its life that no sample covers, mean over instances; a sample covers one
//!   interval from its time, so that the wait for the first sample counts
//! - `backfill_ratio`: samples with a time inside a fault, 0.5 s from its ends, over those that regular
//!   scraping would have stored. A gateway that is scraped while pushes do not come through stores old
//!   values under new times: they count here, and `rate_min_ratio` tells them from news.

use super::instances::{Instance, View};
use super::{Figures, estimate};

/// At each end of a fault: what happens there may be of before or after.
const MARGIN: f64 = 0.5;

pub(super) fn add(view: &View<'_>, figures: &mut Figures) {
    let interval = view.times.scrape;
    let longest: Vec<f64> = view.instances.iter().filter_map(|one| longest(one, interval)).collect();
    figures.add("gap_max_seconds", estimate::largest(&longest));
    let uncovered: Vec<f64> = view.instances.iter().filter_map(|one| uncovered(one, interval)).collect();
    figures.add("gap_ratio", estimate::mean(&uncovered));
    let filled: Vec<(f64, f64)> =
        view.instances.iter().map(|one| filled(view, one)).filter(|(_, expected)| *expected > 0.0).collect();
    figures.add("backfill_ratio", estimate::ratio(&filled));
}

fn longest(one: &Instance<'_>, interval: f64) -> Option<f64> {
    let times: Vec<f64> = one.living_samples().collect();
    times.windows(2).map(|pair| (pair[1] - pair[0] - interval).max(0.0)).max_by(f64::total_cmp)
}

fn uncovered(one: &Instance<'_>, interval: f64) -> Option<f64> {
    let life = one.life();
    let mut covered = 0.0;
    let mut from = one.pod.born;
    for at in one.living_samples() {
        let until = (at + interval).min(one.until);
        covered += (until - at.max(from)).max(0.0);
        from = from.max(until);
    }
    (life > 0.0).then(|| 1.0 - (covered / life).clamp(0.0, 1.0))
}

/// Samples inside faults, and how many would be there.
fn filled(view: &View<'_>, one: &Instance<'_>) -> (f64, f64) {
    let mut sums = (0.0, 0.0);
    for fault in &view.observed.faults {
        let from = (fault.from + MARGIN).max(one.pod.born);
        let until = (fault.until - MARGIN).min(one.until);
        if until > from {
            sums.0 += one.living_samples().filter(|at| (from..=until).contains(at)).count() as f64;
            sums.1 += (until - from) / view.times.scrape;
        }
    }
    sums
}
