//! Counters and rates over time, and how far rates were off.

use super::super::document::id;
use super::super::plot::Plot;
use super::super::plot::multiples::Multiples;
use super::super::plot::rows::{Row, Rows};
use super::super::pool::Pool;
use super::super::shown;
use super::way;
use crate::compare::path::Path;
use crate::compare::scenario::Scenario;

type Points = Vec<(f64, f64)>;
type Faults<'a> = &'a [(f64, f64, String)];

pub(super) fn counters(pool: &Pool, scenario: &str, faults: Faults<'_>) -> Option<Plot> {
    Multiples {
        named: [
            id(&["counter", scenario]),
            format!("`{scenario}`: events counted over time").replace('`', ""),
            format!("A panel for each way: the sum of all counters as a query returns it, and all events that happened, in the scenario {scenario}."),
        ],
        upwards: "events, without those of series that ended,".to_owned(),
        truth: truth(pool, scenario),
        lines: by_way(pool, scenario, "counter"),
        faults: faults.to_vec(),
    }
    .draw()
}

pub(super) fn rates(pool: &Pool, scenario: &str, faults: Faults<'_>) -> Option<Plot> {
    Multiples {
        named: [
            id(&["rate", scenario]),
            format!("{scenario}: the rate that a user sees afterwards"),
            format!("A panel for each way: rate() over two scrape intervals, asked for after the run, and the true rate, in the scenario {scenario}."),
        ],
        upwards: "events a second".to_owned(),
        truth: slope(&truth(pool, scenario), pool.times().map_or(10.0, |times| 2.0 * times.scrape)),
        lines: by_way(pool, scenario, "rate"),
        faults: faults.to_vec(),
    }
    .draw()
}

/// The least and the most of `rate()` around a fault, of the true rate.
pub(super) fn extremes(pool: &Pool, of: &Scenario) -> Option<Plot> {
    let groups = pool.cohorts(of.name).into_iter().map(|cohort| {
        let row = |path: &String| {
            let low = pool.get(of.name, &cohort, "rate_min_ratio", path)?.side.median;
            let high = pool.get(of.name, &cohort, "rate_max_ratio", path)?.side.median;
            let text = |value| shown::value("rate_max_ratio", value);
            let text = format!("{} to {}", text(low), text(high));
            Some(Row {
                label: way(path),
                path: path.clone(),
                from: Some(low),
                value: high,
                text,
                ..Row::default()
            })
        };
        (cohort.clone(), pool.paths(of.name).iter().filter_map(row).collect::<Vec<_>>())
    });
    Rows {
        named: [
            id(&["extremes", of.name]),
            format!("{}: between what `rate()` goes around the fault", of.name).replace('`', ""),
            "For each way the lowest and the highest rate around the fault, as a multiple of the true rate."
                .to_owned(),
        ],
        axis: "rate() over the true rate".to_owned(),
        groups: groups.filter(|(_, rows)| !rows.is_empty()).collect(),
        mark: Some((1.0, "the true rate".to_owned())),
        ..Rows::default()
    }
    .draw()
}

fn by_way(pool: &Pool, scenario: &str, what: &str) -> Vec<(String, Points)> {
    let mut lines: Vec<(String, Points)> = pool
        .lines(scenario)
        .iter()
        .filter(|line| line.what == what && !line.path.is_empty())
        .map(|line| (line.path.clone(), line.points.clone()))
        .collect();
    let place = |path: &str| Path::ALL.iter().position(|known| known.name() == path).unwrap_or(99);
    lines.sort_by_key(|(path, _)| place(path));
    lines
}

fn truth(pool: &Pool, scenario: &str) -> Points {
    pool.lines(scenario)
        .iter()
        .find(|line| line.what == "truth")
        .map(|line| line.points.clone())
        .unwrap_or_default()
}

/// Events a second over the last `window` seconds.
fn slope(points: &[(f64, f64)], window: f64) -> Points {
    let before = |at: f64| points.iter().rev().find(|(time, _)| *time <= at - window);
    points
        .iter()
        .filter_map(|(at, value)| before(*at).map(|(from, earlier)| (*at, (value - earlier) / (at - from))))
        .collect()
}
