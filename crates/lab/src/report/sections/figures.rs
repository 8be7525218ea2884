//! Tables of figures: ways beside each other, one row a measure or a cohort.

use super::super::document::{Block, Table, id};
use super::super::pool::{Pool, Spread};
use super::super::{shown, words};
use super::many;

/// Of many cohorts these measures come first, and the others are folded.
const FIRST: [&str; 2] = ["capture_ratio", "increase_ratio"];

pub(super) fn add(pool: &Pool, scenario: &str, blocks: &mut Vec<Block>) {
    let cohorts = pool.cohorts(scenario);
    let paths: Vec<String> = of_cohorts(pool, scenario);
    if !many(pool, scenario) {
        for cohort in &cohorts {
            blocks.push(Block::Table(by_measure(pool, scenario, cohort, &paths, &format!("`{cohort}`"))));
        }
        return;
    }
    let mut folded = Vec::new();
    for measure in measures(pool, scenario, None) {
        let rows: Vec<_> = cohorts
            .iter()
            .filter_map(|cohort| row(pool, scenario, cohort, &measure, &paths, format!("`{cohort}`")))
            .collect();
        let table = Block::Table(Table {
            id: id(&[scenario, &measure]),
            caption: format!("**{}**, by cohort", sentence(&words::measure(&measure))),
            head: head("Cohort", &paths),
            rows,
            prose: false,
        });
        if FIRST.contains(&measure.as_str()) { blocks.push(table) } else { folded.push(table) }
    }
    if !folded.is_empty() {
        blocks.push(Block::Folded("All other measures of this scenario".to_owned(), folded));
    }
}

/// One row a measure.
pub(super) fn by_measure(
    pool: &Pool,
    scenario: &str,
    cohort: &str,
    paths: &[String],
    caption: &str,
) -> Table {
    let rows = measures(pool, scenario, Some(cohort))
        .iter()
        .filter_map(|measure| row(pool, scenario, cohort, measure, paths, words::measure(measure)))
        .collect();
    let id = if cohort.is_empty() { id(&["costs", scenario]) } else { id(&[scenario, cohort]) };
    Table { id, caption: caption.to_owned(), head: head("Measure", paths), rows, prose: false }
}

fn head(first: &str, paths: &[String]) -> Vec<String> {
    let mut head = vec![first.to_owned()];
    head.extend(paths.iter().map(|path| sentence(words::path(path))));
    head.push("n".to_owned());
    head
}

fn row(
    pool: &Pool,
    scenario: &str,
    cohort: &str,
    measure: &str,
    paths: &[String],
    name: String,
) -> Option<Vec<String>> {
    let spreads: Vec<Option<&Spread>> =
        paths.iter().map(|path| pool.get(scenario, cohort, measure, path)).collect();
    let (least, most) =
        (spreads.iter().flatten().map(|of| of.n).min()?, spreads.iter().flatten().map(|of| of.n).max()?);
    let mut row = vec![name];
    row.extend(spreads.iter().map(|of| of.map_or_else(|| "–".to_owned(), |of| shown::cell(measure, of))));
    let n = |n: u64| shown::thousands(&n.to_string());
    row.push(if least == most { n(most) } else { format!("{}–{}", n(least), n(most)) });
    Some(row)
}

/// The measures of a cohort or of all, in the report's order.
pub(super) fn measures(pool: &Pool, scenario: &str, cohort: Option<&str>) -> Vec<String> {
    let mut measures: Vec<String> = Vec::new();
    for (key, _) in pool.all(scenario) {
        let here = cohort.map_or(!key.cohort.is_empty(), |cohort| key.cohort == cohort);
        if here && !measures.contains(&key.measure) {
            measures.push(key.measure.clone());
        }
    }
    measures.sort_by_key(|measure| words::place(measure));
    measures
}

/// The ways that have figures of cohorts, which those of costs need not have.
pub(super) fn of_cohorts(pool: &Pool, scenario: &str) -> Vec<String> {
    let has = |path: &String| pool.all(scenario).any(|(key, _)| !key.cohort.is_empty() && key.path == *path);
    pool.paths(scenario).into_iter().filter(has).collect()
}

/// What theory expected elsewhere, one item for each cell outside.
pub(super) fn outside(pool: &Pool, scenario: &str) -> Vec<String> {
    let wrong = pool.all(scenario).filter(|(_, of)| of.within.0 < of.within.1);
    wrong
        .filter_map(|(key, of)| {
            let expected = of.expected?;
            let value = |number| shown::value(&key.measure, number);
            Some(format!(
                "{}, `{}`, {}: {} measured, {} to {} expected, {} of {} repeats outside",
                words::path(&key.path),
                key.cohort,
                words::measure(&key.measure),
                value(of.side.median),
                value(expected.least),
                value(expected.most),
                of.within.1 - of.within.0,
                of.within.1
            ))
        })
        .collect()
}

pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
