//! One section for each scenario: its question, its set-up, pictures, what the figures say, and the figures.

use super::super::document::{Block, id};
use super::super::judge::{Measured, unbeaten};
use super::super::markup::plain;
use super::super::pool::Pool;
use super::super::{plots, shown, words};
use super::{figures, heading, many, setup};
use crate::compare::scenario::Scenario;

/// What is put into words, where it was measured; of these at most four a cohort.
const SPOKEN: [&str; 9] = [
    "capture_ratio",
    "increase_ratio",
    "rate_max_ratio",
    "backfill_ratio",
    "ghost_p50_seconds",
    "detection_max_seconds",
    "freshness_p50_seconds",
    "first_sample_p50_seconds",
    "gap_max_seconds",
];

pub(super) fn add(pool: &Pool, of: &Scenario, blocks: &mut Vec<Block>) {
    let runs = pool.runs(of.name);
    let Some(times) = pool.times() else { return };
    blocks.push(heading(3, &id(&["scenario", of.name]), &format!("`{}`: {}", of.name, of.question)));
    let mut reasons: Vec<String> = runs.iter().filter_map(|run| run.skipped.as_deref()).map(plain).collect();
    reasons.sort();
    reasons.dedup();
    let played = runs.iter().filter(|run| run.skipped.is_none()).count();
    if played == 0 {
        let why =
            if reasons.is_empty() { "it is not in these results".to_owned() } else { words::list(&reasons) };
        blocks.push(Block::Text(format!("**Not run:** {why}.")));
        return;
    }
    let repeats = if played == 1 { "One repeat.".to_owned() } else { format!("{played} repeats.") };
    blocks.push(Block::Text(format!("{} {repeats}", setup::told(of, &times))));
    if !reasons.is_empty() {
        blocks.push(Block::Text(format!("Some repeats were **not run:** {}.", words::list(&reasons))));
    }
    blocks.extend(plots::of_scenario(pool, of, &setup::faults(of)).into_iter().map(Block::Plot));
    let spoken = sentences(pool, of.name);
    if !spoken.is_empty() {
        blocks.push(Block::List(spoken));
    }
    figures::add(pool, of.name, blocks);
    let outside = figures::outside(pool, of.name);
    if !outside.is_empty() {
        let name = format!("Outside what theory expects: {} figures", outside.len())
            .replace(": 1 figures", ": one figure");
        blocks.push(Block::Folded(name, vec![Block::List(outside)]));
    }
    let notes: Vec<String> = runs
        .iter()
        .flat_map(|run| run.notes.iter().map(|note| format!("repeat {}: {}", run.repeat, plain(note))))
        .collect();
    if !notes.is_empty() {
        blocks.push(Block::Folded("Notes of these runs".to_owned(), vec![Block::List(notes)]));
    }
}

fn sentences(pool: &Pool, scenario: &str) -> Vec<String> {
    let paths = figures::of_cohorts(pool, scenario);
    let cohorts = pool.cohorts(scenario);
    if many(pool, scenario) {
        return SPOKEN
            .iter()
            .take(2)
            .flat_map(|measure| counted(pool, scenario, measure, &cohorts, &paths))
            .collect();
    }
    let mut all = Vec::new();
    for cohort in &cohorts {
        let told =
            SPOKEN.iter().filter_map(|measure| one(pool, &Measured::new(scenario, cohort, measure), &paths));
        let told: Vec<String> = told.take(4).collect();
        all.extend(told.into_iter().map(|told| {
            if cohorts.len() > 1 { format!("`{cohort}`, {told}") } else { figures::sentence(&told) }
        }));
    }
    all
}

/// Who is best in one figure, and who is worst.
fn one(pool: &Pool, of: &Measured, paths: &[String]) -> Option<String> {
    let with: Vec<&str> =
        paths.iter().map(String::as_str).filter(|path| of.by(pool, path).is_some()).collect();
    let name = words::measure(&of.measure);
    let with_number = |path: &&str| {
        of.by(pool, path).map_or_else(String::new, |spread| {
            format!("{} ({})", words::way(path), shown::median(&of.measure, spread))
        })
    };
    if with.len() < 2 {
        return None;
    }
    let best = unbeaten(pool, of, &with);
    if best.len() == with.len() {
        let medians = || with.iter().filter_map(|path| of.by(pool, path)).map(|spread| spread.side.median);
        let unit = |value| shown::value(&of.measure, value);
        let (least, most) =
            (medians().fold(f64::INFINITY, f64::min), medians().fold(f64::NEG_INFINITY, f64::max));
        let range = if unit(least) == unit(most) {
            unit(least)
        } else {
            format!("{} to {}", unit(least), unit(most))
        };
        return Some(format!("{name}: no difference beyond noise ({range})."));
    }
    let others: Vec<String> = with.iter().filter(|path| !best.contains(path)).map(with_number).collect();
    let best: Vec<String> = best.iter().map(with_number).collect();
    Some(format!("{name}: best by {}; worse beyond noise by {}.", words::list(&best), words::list(&others)))
}

/// Over many cohorts: in how many each way is unbeaten, for each kind of end.
fn counted(pool: &Pool, scenario: &str, measure: &str, cohorts: &[String], paths: &[String]) -> Vec<String> {
    let mut ends: Vec<&str> = Vec::new();
    for end in cohorts.iter().filter_map(|cohort| cohort.rsplit('-').next()) {
        if !ends.contains(&end) {
            ends.push(end);
        }
    }
    let told = ends.iter().map(|end| {
        let of_end: Vec<&String> =
            cohorts.iter().filter(|cohort| cohort.ends_with(&format!("-{end}"))).collect();
        let mut counts: Vec<(usize, Vec<&str>)> = Vec::new();
        for path in paths {
            let won = of_end.iter().filter(|cohort| {
                let one = Measured::new(scenario, cohort, measure);
                let with: Vec<&str> = paths.iter().map(String::as_str).collect();
                unbeaten(pool, &one, &with).contains(&path.as_str())
            });
            let (won, name) = (won.count(), path.as_str());
            match counts.iter_mut().find(|(count, _)| *count == won) {
                Some((_, names)) => names.push(name),
                None => counts.push((won, vec![name])),
            }
        }
        counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let counts: Vec<String> =
            counts.iter().map(|(count, names)| format!("{count} by {}", words::ways(names))).collect();
        format!(
            "{} after `{end}`: of {} lifetimes, unbeaten beyond noise in {}.",
            figures::sentence(&words::measure(measure)),
            of_end.len(),
            counts.join(", in ")
        )
    });
    told.collect()
}
