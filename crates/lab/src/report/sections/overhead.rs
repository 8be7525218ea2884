//! What instrumentation costs, with and without it, beside the article's claim.

use super::super::document::{Block, Table, id};
use super::super::markup::plain;
use super::super::pool::Pool;
use super::super::{plots, shown, words};
use super::{claims, figures, heading};

pub(super) fn add(pool: &Pool, blocks: &mut Vec<Block>) {
    blocks.push(heading(2, "overhead", "What instrumentation costs"));
    let scenarios = pool.named("overhead/");
    if scenarios.is_empty() {
        blocks.push(Block::Text(
            "Overhead was not measured in these results: `pushpull-lab overhead` does it.".to_owned(),
        ));
        return;
    }
    blocks.push(Block::Text(
        "The same process with and without instruments, or with and without an agent beside it, by turns. The article \
         says that its instruments add 2–3 % to the time of a request."
            .to_owned(),
    ));
    blocks.extend(plots::loads::ratios(pool, &scenarios).into_iter().map(Block::Plot));
    blocks.push(Block::List(claims::overhead(pool)));
    for scenario in scenarios {
        each(pool, scenario, blocks);
    }
}

/// A table of a scenario of `overhead` or `article`: a row for each way and cohort, or for each measure where
/// there are fewer.
pub(super) fn each(pool: &Pool, scenario: &str, blocks: &mut Vec<Block>) {
    let mut runs = pool.runs(scenario);
    let mut reasons: Vec<String> = runs.iter().filter_map(|run| run.skipped.as_deref()).map(plain).collect();
    reasons.dedup();
    runs.retain(|run| run.skipped.is_none());
    blocks.push(heading(3, &id(&["scenario", scenario]), &format!("`{}`", plain(scenario))));
    if runs.is_empty() {
        blocks.push(Block::Text(format!("**Not run:** {}.", words::list(&reasons))));
        return;
    }
    let mut cells: Vec<(String, String)> = Vec::new();
    for cell in runs.iter().flat_map(|run| &run.cells) {
        let name = (cell.path.clone(), cell.cohort.clone());
        if !cells.contains(&name) {
            cells.push(name);
        }
    }
    let mut measures: Vec<String> = Vec::new();
    for (key, _) in pool.all(scenario) {
        if !measures.contains(&key.measure) {
            measures.push(key.measure.clone());
        }
    }
    measures.sort_by_key(|measure| words::place(measure));
    let mut head = vec!["Measure".to_owned()];
    head.extend(cells.iter().map(|(path, cohort)| named(path, cohort)));
    let rows = measures.iter().map(|measure| {
        let mut row = vec![words::measure(measure)];
        row.extend(cells.iter().map(|(path, cohort)| {
            pool.get(scenario, cohort, measure, path)
                .map_or_else(|| "–".to_owned(), |of| shown::cell(measure, of))
        }));
        row
    });
    let rows = rows.collect();
    blocks.push(Block::Table(Table {
        id: id(&[scenario]),
        caption: String::new(),
        head,
        rows,
        prose: false,
    }));
    let mut notes: Vec<String> = runs.iter().flat_map(|run| &run.notes).map(|note| plain(note)).collect();
    notes.sort();
    notes.dedup();
    if !notes.is_empty() {
        blocks.push(Block::List(notes));
    }
}

fn named(path: &str, cohort: &str) -> String {
    let path = figures::sentence(words::path(path));
    if cohort.is_empty() { path } else { format!("{path}, {}", plain(cohort)) }
}
