//! What is said is what the figures say, and turns around with them.

use lab::compare::results::Results;
use lab::report::document::Document;
use lab::report::source::Source;
use lab::report::{self, markdown};

use super::{of, synthetic, table};

/// The values of all repeats of a cell.
fn values(results: &Results, scenario: &str, cohort: &str, path: &str, measure: &str) -> Vec<f64> {
    let runs = results.runs.iter().filter(|run| run.scenario == scenario);
    let cells = runs.flat_map(|run| &run.cells).filter(|cell| cell.cohort == cohort && cell.path == path);
    let mut values: Vec<f64> = cells.filter_map(|cell| cell.figures.get(measure)?.value).collect();
    values.sort_by(f64::total_cmp);
    values
}

#[test]
fn each_number_of_a_table_is_a_median_of_the_results_with_its_range() {
    let results = synthetic::compared();
    let document = of(results.clone());
    let mut read = 0;
    for measure in ["capture_ratio", "increase_ratio", "ghost_max_seconds"] {
        let table = table(&document, &lab::report::document::id(&["lifetimes", measure]));
        for row in &table.rows {
            let cohort = row[0].trim_matches('`');
            for (place, path) in
                ["pull-static", "pull-discovered", "push-ours", "push-exec", "push-real"].iter().enumerate()
            {
                let found = values(&results, "lifetimes", cohort, path, measure);
                let (low, middle, high) = (found[0], found[1], found[2]);
                let number = |text: &str| {
                    text.trim_matches(|one: char| !one.is_ascii_digit())
                        .replace(',', "")
                        .parse::<f64>()
                        .unwrap()
                };
                let cell = &row[place + 1];
                // What goes on has no range: all that is known is that it is at least so long.
                let range =
                    cell.split_once(" [").and_then(|(_, range)| range.split_once(']')?.0.split_once('–'));
                let mut pairs = vec![(cell.split([',', '[']).next().unwrap(), middle)];
                assert_eq!(range.is_none(), cell.contains("18 of 18 go on"), "{cell}");
                pairs.extend(range.into_iter().flat_map(|(least, most)| [(least, low), (most, high)]));
                let scale = if measure.ends_with("_ratio") { 100.0 } else { 1.0 };
                for (text, meant) in pairs {
                    assert!(
                        (number(text) - meant * scale).abs() <= 0.51,
                        "{cohort} {path} {measure}: {cell}, {meant}"
                    );
                    read += 1;
                }
                assert_eq!(
                    cell.contains('✓'),
                    measure == "capture_ratio" && cohort.ends_with("kill") && !cell.contains('✗'),
                    "{cell}"
                );
            }
            assert_eq!(row[6], (if measure.starts_with("ghost") { "18" } else { "72" }), "n of {row:?}");
        }
    }
    assert!(read > 300, "only {read} numbers");
}

/// The line of a workload: its name, what to take, what is given up, and the rest.
fn decision(document: &Document, begins: &str) -> Vec<String> {
    let table = table(document, "decisions");
    table.rows.iter().find(|row| row[0].starts_with(begins)).unwrap_or_else(|| panic!("no {begins}")).clone()
}

/// The same results with two ways' names exchanged: the data turned around.
fn turned(mut results: Results, one: &str, other: &str) -> Results {
    for cell in results.runs.iter_mut().flat_map(|run| &mut run.cells) {
        if cell.path == one {
            other.clone_into(&mut cell.path);
        } else if cell.path == other {
            one.clone_into(&mut cell.path);
        }
    }
    results
}

#[test]
fn decisions_turn_around_with_the_data() {
    let straight = of(synthetic::compared());
    let turned = of(turned(synthetic::compared(), "pull-static", "push-ours"));
    let death = "An alert soon";
    assert!(decision(&straight, death)[1].contains("pull"), "{:?}", decision(&straight, death));
    assert!(!decision(&straight, death)[1].contains("our gateway"));
    assert!(decision(&turned, death)[1].contains("push to our gateway"), "{:?}", decision(&turned, death));
    assert!(!decision(&turned, death)[1].contains("**pull**"));
    let (nat, back) =
        (decision(&straight, "Long-lived, behind NAT"), decision(&turned, "Long-lived, behind NAT"));
    assert!(nat[1].contains("push to either gateway") && !nat[1].contains("pull"), "{nat:?}");
    assert!(nat[2].contains("shown after death") && nat[2].contains("by pull"), "{nat:?}");
    assert!(
        back[1].contains("**pull or push to the Pushgateway**") && !back[1].contains("our gateway"),
        "{back:?}"
    );
    let killed = decision(&straight, "Jobs within an interval that are killed");
    assert!(killed[3].contains("#lifetimes-capture-ratio"), "{killed:?}");
    assert!(killed[6].contains("not measured"), "{killed:?}");
    let written = of(self::turned(synthetic::compared(), "push-real", "remote-write"));
    let nat = decision(&written, "Long-lived, behind NAT");
    assert!(nat[6].contains("captured: ["), "{nat:?}");
    let answer = |document: &Document| {
        markdown::page(document, "plots")
            .lines()
            .find(|line| line.contains("After death:"))
            .unwrap()
            .to_owned()
    };
    assert!(answer(&straight).contains("After death: pull does best"), "{}", answer(&straight));
    assert!(answer(&turned).contains("After death: push to our gateway does best"), "{}", answer(&turned));
}

#[test]
fn what_was_not_measured_is_said_to_be_so() {
    let mut results = synthetic::compared();
    results.runs.retain(|run| run.scenario == "bad-link" || run.scenario == "burst");
    let text = markdown::page(&of(results), "plots");
    assert!(text.contains("**Not run:** needs root: run it with sudo."), "{text}");
    for part in
        ["Costs were not measured", "Overhead was not measured", "not in these results", "| not measured |"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn claims_are_judged_by_figures() {
    let judge = |article: Results| {
        let document = report::document(&[Source::of("a", synthetic::overhead()), Source::of("b", article)]);
        table(&document, "claims").rows.clone()
    };
    let rows = judge(synthetic::article());
    let of = |rows: &[Vec<String>], claim: &str, of: &str| -> String {
        let row = rows.iter().find(|row| row[0].contains(claim) && row[1].contains(of));
        row.unwrap_or_else(|| panic!("no {claim} of {of}: {rows:?}"))[3].clone()
    };
    assert!(
        of(&rows, "below 500 ms", "article")
            .contains("holds only because the script sent 37.0/s instead of 100")
    );
    assert!(of(&rows, "below 500 ms", "our API").contains("holds, barely"));
    assert!(of(&rows, "2–3 %", "fastapi").contains("does not hold"));
    assert!(of(&rows, "2–3 %", "api, work 0").contains("holds: it is not more"));
    let mut slow = synthetic::article();
    for figure in slow
        .runs
        .iter_mut()
        .flat_map(|run| &mut run.cells)
        .filter_map(|cell| cell.figures.get_mut("latency_p99_seconds"))
    {
        figure.value = Some(0.7);
    }
    assert!(of(&judge(slow), "below 500 ms", "our API").contains("does not hold: p99"));
}
