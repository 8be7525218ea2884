//! What instruments cost, and the article's scenarios: asked, sent, and how late the latest were.

use super::super::document::id;
use super::super::plot::Plot;
use super::super::plot::rows::{Row, Rows};
use super::super::pool::{Pool, Spread};
use super::super::{shown, words};
use super::range;

/// CPU with instruments over CPU without, as what is added.
pub fn ratios(pool: &Pool, scenarios: &[&str]) -> Option<Plot> {
    let groups = scenarios.iter().map(|scenario| {
        let rows = pool.all(scenario).filter(|(key, _)| key.measure == "cpu_ratio").map(|(key, of)| {
            let added = |value: f64| (value - 1.0) * 100.0;
            Row {
                label: named(&key.path, &key.cohort),
                path: key.path.clone(),
                value: added(of.side.median),
                spread: range(of).map(|(low, high)| (added(low), added(high))),
                text: format!("{:+.1} %", added(of.side.median)).replace('-', "−"),
                ..Row::default()
            }
        });
        ((*scenario).to_owned(), rows.collect::<Vec<_>>())
    });
    Rows {
        named: [
            "overhead".to_owned(),
            "CPU that instruments add".to_owned(),
            "How much more CPU the same work needs with instruments, in per cent, with intervals; the article's claim is marked.".to_owned(),
        ],
        axis: "more CPU, in per cent".to_owned(),
        groups: groups.filter(|(_, rows)| !rows.is_empty()).collect(),
        mark: Some((3.0, "the article: 2–3 %".to_owned())),
        ..Rows::default()
    }
    .draw()
}

/// The kinds of load, in order.
const LOADS: [&str; 3] = ["script", "open-asked", "open-sent"];

/// Two pictures: rates and p99.
pub fn all(pool: &Pool, scenarios: &[&str]) -> Vec<Plot> {
    let rates = by(
        pool,
        scenarios,
        "achieved_rate",
        ["rates", "Requests a second that were really sent"],
        "requests a second",
    );
    let tails = by(
        pool,
        scenarios,
        "latency_p99_seconds",
        ["p99", "The slowest of a hundred requests (p99)"],
        "seconds from the planned start, logarithmic",
    );
    [rates, tails].into_iter().flatten().collect()
}

fn by(pool: &Pool, scenarios: &[&str], measure: &str, [name, title]: [&str; 2], axis: &str) -> Option<Plot> {
    let log = measure.starts_with("latency_");
    let groups = scenarios.iter().map(|scenario| {
        let mut cells: Vec<_> = pool.all(scenario).filter(|(key, _)| key.measure == measure).collect();
        cells
            .sort_by_key(|(key, _)| LOADS.iter().position(|load| *load == key.cohort).unwrap_or(LOADS.len()));
        let rows = cells.into_iter().map(|(key, of)| {
            let asked = pool.get(scenario, &key.cohort, "requested_rate", &key.path);
            let mut row = super::row(measure, &key.path, named(&key.path, &key.cohort), of);
            if let Some(asked) = asked.filter(|_| !log) {
                row.text = reached(of, asked);
                // What was asked for and not sent.
                row.more = Some(asked.side.median).filter(|asked| *asked > row.value);
            }
            row
        });
        ((*scenario).to_owned(), rows.collect::<Vec<_>>())
    });
    Rows {
        named: [
            id(&["article", name]),
            format!("The article's scenarios: {}", lower(title)),
            format!("{title}, for each scenario, program and kind of load. The tables have the numbers."),
        ],
        axis: if log { axis.to_owned() } else { format!("{axis}; pale: asked for and not sent") },
        log,
        groups: groups.filter(|(_, rows)| !rows.is_empty()).collect(),
        mark: log.then(|| (0.5, "the article: below 500 ms".to_owned())),
    }
    .draw()
}

fn reached(of: &Spread, asked: &Spread) -> String {
    let sent = shown::value("achieved_rate", of.side.median);
    let asked = shown::value("requested_rate", asked.side.median);
    if sent == asked { sent } else { format!("{sent} of {asked}") }
}

fn named(path: &str, cohort: &str) -> String {
    if cohort.is_empty() { words::path(path).to_owned() } else { format!("{}, {cohort}", words::path(path)) }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
