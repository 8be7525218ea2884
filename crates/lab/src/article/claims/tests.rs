//! Verdicts follow the figures, whichever way these turn.

use std::collections::BTreeMap;

use super::*;
use crate::compare::record;
use crate::compare::results::Run;
use crate::figure::{cell, once};

fn results(scenario: &str, cells: Vec<Cell>) -> Results {
    let mut results = record::begun("article", BTreeMap::new(), BTreeMap::new(), 1);
    results.runs.push(Run {
        scenario: scenario.to_owned(),
        repeat: 1,
        seed: 1,
        began: record::moment(),
        seconds: 1.0,
        load_average: [0.0; 2],
        skipped: None,
        notes: Vec::new(),
        cells,
        lines: Vec::new(),
    });
    results
}

fn loaded(cohort: &str, sent: f64, p99: f64) -> Cell {
    let figures = [
        ("requested_rate", once(100.0, 1)),
        ("achieved_rate", once(sent, 1)),
        ("success_ratio", once(1.0, 1)),
        ("latency_p99_seconds", once(p99, 1)),
    ];
    cell("article-app", cohort, figures)
}

fn verdict(script: (f64, f64), open: (f64, f64)) -> String {
    let cells = vec![loaded("script", script.0, script.1), loaded("open-asked", open.0, open.1)];
    let claims = all(&results("article/high", cells));
    claims.into_iter().find(|claim| claim.claim == "below 500 ms at 100/s").unwrap().verdict
}

#[test]
fn below_500_ms_is_judged_at_the_asked_rate() {
    assert_eq!(verdict((41.0, 0.49), (100.0, 0.498)), "holds");
    let only = "holds only because the script sent 41.0 of 100/s; at the asked rate it does not";
    assert_eq!(verdict((41.0, 0.49), (100.0, 0.6)), only);
    assert_eq!(verdict((41.0, 0.49), (70.0, 0.4)), only);
    assert_eq!(verdict((100.0, 0.6), (100.0, 0.6)), "does not hold: p99 is not below 500 ms");
    assert_eq!(verdict((41.0, 0.6), (70.0, 0.6)), "does not hold: the rate is not reached");
}

#[test]
fn a_rate_that_was_not_sent_is_not_claimed() {
    let judged =
        |sent: f64| all(&results("article/high", vec![loaded("script", sent, 0.4)])).remove(0).verdict;
    assert_eq!(judged(99.0), "holds");
    assert!(judged(41.0).starts_with("does not hold: the script waits"));
}

#[test]
fn several_instances_are_judged_by_the_most() {
    let judged = |sent: f64, up: f64| {
        let step = |cohort: &str, count: f64, sent: f64, up: f64| {
            let figures = [
                ("requested_rate", once(100.0 * count, 1)),
                ("achieved_rate", once(sent, 1)),
                ("up", once(up, 1)),
                ("scrape_duration_max_seconds", once(0.004, 1)),
            ];
            cell("our-api", cohort, figures)
        };
        let cells = vec![step("1", 1.0, 100.0, 1.0), step("4", 4.0, sent, up)];
        all(&results("article/instances", cells)).remove(0).verdict
    };
    assert_eq!(judged(399.0, 1.0), "holds");
    assert_eq!(judged(399.0, 0.0), "does not hold: a scrape failed");
    assert_eq!(judged(300.0, 1.0), "does not hold here: the rate is not reached");
}
