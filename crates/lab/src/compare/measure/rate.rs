//! The rate that a user sees afterwards, around a fault, over the true one.
//!
//! From 9 S before a fault to 9 S after it, of times for which the whole range of `rate()`, 2 S, is
//! inside the instance's life: a rate over its birth or death is low for another reason. The true rate is
//! the instance's own, over the same time.
//!
//! - `rate_min_ratio`, `rate_max_ratio`: the least and the largest of all instances and moments

use super::super::results::Figure;
use super::instances::{Instance, View};
use super::{Figures, estimate};

pub(super) fn add(view: &View<'_>, figures: &mut Figures) {
    let ratios: Vec<Vec<f64>> =
        view.instances.iter().map(|one| ratios(view, one)).filter(|ratios| !ratios.is_empty()).collect();
    let each = |of: fn(f64, f64) -> f64| -> Vec<f64> {
        ratios.iter().filter_map(|ratios| ratios.iter().copied().reduce(of)).collect()
    };
    let least: Vec<f64> = each(f64::min).into_iter().map(|least| -least).collect();
    let least = estimate::largest(&least)
        .map(|figure| Figure { value: figure.value.map(|value| 0.0 - value), ..figure });
    figures.add("rate_min_ratio", least);
    figures.add("rate_max_ratio", estimate::largest(&each(f64::max)));
}

fn ratios(view: &View<'_>, one: &Instance<'_>) -> Vec<f64> {
    let scrape = view.times.scrape;
    // After the scenario's seconds there are no more events, and the hold's rate is 0 by itself.
    let calm = view.observed.began + view.scenario.seconds;
    let (first, last) = (one.pod.born + 2.0 * scrape, one.until.min(calm));
    let mut ratios = Vec::new();
    for fault in &view.observed.faults {
        let from = (fault.from - 9.0 * scrape).max(first);
        let until = (fault.until + 9.0 * scrape).min(last);
        let events = one.truth.iter().filter(|at| (from - 2.0 * scrape..=until).contains(*at)).count();
        if until <= from || events == 0 {
            continue;
        }
        let truth = events as f64 / (until - from + 2.0 * scrape);
        let points = one.rates.iter().filter(|(at, rate)| (from..=until).contains(at) && rate.is_finite());
        ratios.extend(points.map(|(_, rate)| rate / truth));
    }
    ratios
}
