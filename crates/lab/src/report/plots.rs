//! Which figures are drawn, and how.

pub mod capture;
pub mod costs;
pub mod deaths;
pub mod fresh;
pub mod loads;
pub mod overtime;

use super::plot::Plot;
use super::plot::rows::Row;
use super::pool::{Pool, Spread};
use super::{shown, words};
use crate::compare::scenario::Scenario;

/// The pictures of a scenario, in order.
pub fn of_scenario(pool: &Pool, of: &Scenario, faults: &[(f64, f64, String)]) -> Vec<Plot> {
    let mut plots = Vec::new();
    match of.name {
        "steady" => plots.extend(fresh::draw(pool)),
        "lifetimes" => plots.extend(capture::draw(pool)),
        "ghosts" => plots.extend([deaths::ghosts(pool), deaths::noticed(pool)].into_iter().flatten()),
        "rolling" | "burst" | "nat" | "gateway-down" | "link-cut" | "bad-link" => {
            plots.extend(overtime::counters(pool, of.name, faults));
            if !faults.is_empty() {
                plots.extend(overtime::rates(pool, of.name, faults));
                plots.extend(overtime::extremes(pool, of));
            }
        }
        _ => {}
    }
    plots
}

/// A bar of one figure.
fn row(measure: &str, path: &str, label: String, spread: &Spread) -> Row {
    Row {
        label,
        path: path.to_owned(),
        value: spread.side.median,
        spread: range(spread),
        text: shown::value(measure, spread.side.median),
        ..Row::default()
    }
}

/// The least and the most of repeats; of one repeat its interval.
fn range(spread: &Spread) -> Option<(f64, f64)> {
    if spread.side.repeats > 1 {
        Some((spread.least, spread.most))
    } else {
        spread.interval.map(|[low, high]| (low, high))
    }
}

/// A way's name as a bar's label.
fn way(path: &str) -> String {
    words::path(path).to_owned()
}
