//! How old an event is when it shows.

use super::super::plot::Plot;
use super::super::plot::rows::{Row, Rows};
use super::super::pool::Pool;
use super::super::shown;
use super::way;

const WHERE: [(&str, &str, &str); 4] = [
    ("steady", "steady", "nothing happens"),
    ("nat", "inside", "behind NAT"),
    ("bad-link", "far", "a slow link that loses packets"),
    ("link-cut", "far", "a network that is cut for a while"),
];

pub(super) fn draw(pool: &Pool) -> Option<Plot> {
    let groups = WHERE
        .into_iter()
        .map(|(scenario, cohort, name)| {
            let row = |path: &String| {
                let p50 = pool.get(scenario, cohort, "freshness_p50_seconds", path)?;
                let p95 = pool.get(scenario, cohort, "freshness_p95_seconds", path)?;
                let text = |of: f64| shown::value("freshness_p50_seconds", of);
                Some(Row {
                    label: way(path),
                    path: path.clone(),
                    value: p50.side.median,
                    more: Some(p95.side.median),
                    text: format!("{}, p95 {}", text(p50.side.median), text(p95.side.median)),
                    ..Row::default()
                })
            };
            (name.to_owned(), pool.paths(scenario).iter().filter_map(row).collect::<Vec<_>>())
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    Rows {
        named: [
            "freshness".to_owned(),
            "How old an event is when a query first shows it".to_owned(),
            "Bars by way, for several conditions: the dark part is the median, the pale part goes on to the 95th percentile. \
             The tables have the numbers."
                .to_owned(),
        ],
        axis: "seconds; dark: half of the events (p50), pale: 95 of 100 (p95)".to_owned(),
        groups,
        ..Rows::default()
    }
    .draw()
}
