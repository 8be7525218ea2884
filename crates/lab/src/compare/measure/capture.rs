//! How many events are stored, and how many `increase()` shows.
//!
//! - `capture_ratio`: the largest stored value over the truth, 0 without a sample; mean over instances
//! - `seen_ratio`: the share of instances with at least one sample
//! - `increase_ratio`: the sum of `increase()` over the sum of the truth; may exceed 1

use super::super::results::Figure;
use super::instances::{Instance, View, largest};
use super::{Figures, estimate};

pub(super) fn add(view: &View<'_>, figures: &mut Figures) {
    let instances = &view.instances;
    if view.cohort.one_identity {
        figures.add("capture_ratio", group(instances, |one| largest(one.samples)));
        figures.add("increase_ratio", group(instances, |one| one.increase.unwrap_or(0.0)));
        return;
    }
    let captured: Vec<f64> = instances.iter().map(|one| one.largest() / one.events()).collect();
    figures.add("capture_ratio", estimate::mean(&captured));
    let seen: Vec<f64> = instances.iter().map(|one| if one.samples.is_empty() { 0.0 } else { 1.0 }).collect();
    figures.add("seen_ratio", estimate::mean(&seen));
    let increase: Vec<(f64, f64)> =
        instances.iter().map(|one| (one.increase.unwrap_or(0.0), one.events())).collect();
    figures.add("increase_ratio", estimate::ratio(&increase));
}

/// All replicas' values over all replicas' truth. A series that stands for several of them counts once:
/// it is told by its samples, since it may be given for one replica or for each.
fn group(instances: &[Instance<'_>], value: impl Fn(&Instance<'_>) -> f64) -> Option<Figure> {
    let mut series: Vec<&Instance<'_>> = Vec::new();
    for one in instances {
        if !series.iter().any(|other| other.samples == one.samples) {
            series.push(one);
        }
    }
    let events: f64 = instances.iter().map(Instance::events).sum();
    (events > 0.0).then(|| Figure {
        value: Some(series.into_iter().map(value).sum::<f64>() / events),
        n: instances.len() as u64,
        ..Figure::default()
    })
}
