use super::super::results::{Cell, FORMAT, Machine, Run};
use super::*;

/// One scenario with one cell, and one figure with a value for each repeat.
fn results(measure: &str, values: &[f64]) -> Results {
    let run = |(repeat, value): (u32, &f64)| Run {
        scenario: "lifetimes".to_owned(),
        repeat,
        seed: 1,
        began: String::new(),
        seconds: 1.0,
        load_average: [0.0, 0.0],
        skipped: None,
        notes: Vec::new(),
        cells: vec![Cell {
            path: "push-ours".to_owned(),
            cohort: "2s-kill".to_owned(),
            figures: BTreeMap::from([(
                measure.to_owned(),
                Figure { value: Some(*value), n: 4, ..Figure::default() },
            )]),
        }],
        lines: Vec::new(),
    };
    Results {
        format: FORMAT.to_owned(),
        command: "compare".to_owned(),
        made: String::new(),
        machine: Machine {
            processor: "a processor".to_owned(),
            cores: 2,
            memory_bytes: 1,
            kernel: String::new(),
            system: String::new(),
        },
        versions: BTreeMap::new(),
        settings: BTreeMap::new(),
        seed: 1,
        runs: (1..).zip(values).map(run).collect(),
    }
}

fn verdict(measure: &str, a: &[f64], b: &[f64]) -> &'static str {
    let diff = Diff::of(&results(measure, a), &results(measure, b));
    assert_eq!((diff.compared, diff.anything()), (1, !diff.changed.is_empty()));
    diff.changed.first().map_or("same", |change| match change.verdict {
        Some(Verdict::Better) => "better",
        Some(Verdict::Worse) => "worse",
        None => "changed",
    })
}

#[test]
fn only_what_is_beyond_the_spread_changed() {
    let a = [0.50, 0.51, 0.52];
    assert_eq!(verdict("capture_ratio", &a, &a), "same");
    assert_eq!(verdict("capture_ratio", &a, &[0.54, 0.55, 0.56]), "same");
    assert_eq!(verdict("capture_ratio", &a, &[0.70, 0.71, 0.72]), "better");
    assert_eq!(verdict("capture_ratio", &a, &[0.30, 0.31, 0.32]), "worse");
    assert_eq!(verdict("bytes_per_minute", &[10.0; 3], &[20.0; 3]), "worse");
    assert_eq!(verdict("something", &[10.0; 3], &[20.0; 3]), "changed");
}

#[test]
fn the_worst_comes_first_then_the_best() {
    let with = |values: [f64; 5]| {
        let mut all = results("capture_ratio", &[values[0]]);
        let names = ["seen_ratio", "gap_max_seconds", "latency", "bytes_per_minute"];
        for (name, value) in names.iter().zip(&values[1..]) {
            let figure = Figure { value: Some(*value), n: 1, ..Figure::default() };
            all.runs[0].cells[0].figures.insert((*name).to_owned(), figure);
        }
        all
    };
    let diff = Diff::of(&with([0.5, 0.8, 1.0, 1.0, 100.0]), &with([0.8, 0.5, 1.2, 3.0, 50.0]));
    let order: Vec<_> = diff.changed.iter().map(|change| change.key.measure.as_str()).collect();
    assert_eq!(order, ["seen_ratio", "gap_max_seconds", "bytes_per_minute", "capture_ratio", "latency"]);
}

#[test]
fn what_is_in_one_file_only_is_named_as_a_whole() {
    let mut a = results("capture_ratio", &[0.5]);
    let b = a.clone();
    a.runs[0].cells[0]
        .figures
        .insert("seen_ratio".to_owned(), Figure { value: Some(1.0), ..Figure::default() });
    // No value is no figure.
    a.runs[0].cells[0].figures.insert("gap_ratio".to_owned(), Figure::default());
    let mut cell = a.runs[0].cells[0].clone();
    cell.cohort = String::new();
    a.runs[0].cells.push(cell);
    let mut run = a.runs[0].clone();
    run.scenario = "nat".to_owned();
    a.runs.push(run);
    let whole = ["lifetimes push-ours", "lifetimes push-ours 2s-kill seen_ratio", "nat"];
    let diff = Diff::of(&a, &b);
    assert_eq!(
        (diff.only_a.as_slice(), diff.only_b.len(), diff.anything()),
        (&whole.map(str::to_owned)[..], 0, true)
    );
    assert_eq!(Diff::of(&b, &a).only_b, whole);
}

#[test]
fn what_was_not_made_alike_is_told_first_and_is_no_change() {
    let a = results("capture_ratio", &[0.5]);
    let mut b = a.clone();
    b.machine.cores = 4;
    b.settings.insert("interval".to_owned(), "5".to_owned());
    b.versions.insert("prometheus".to_owned(), "2.42.0".to_owned());
    b.made = "later".to_owned();
    b.runs.push(Run {
        scenario: "nat".to_owned(),
        skipped: Some("no root".to_owned()),
        cells: Vec::new(),
        ..b.runs[0].clone()
    });
    let diff = Diff::of(&a, &b);
    let told: Vec<_> = diff.context.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(told, ["machine.cores", "settings.interval", "skipped.nat", "versions.prometheus"]);
    assert!(!diff.anything());
    let text = table::text(&diff, "a.json", "b.json");
    assert!(text.starts_with("A: a.json\nB: b.json\n\nNot made alike"), "{text}");
    assert!(text.contains("machine.cores        2  4\n"), "{text}");
    assert!(text.ends_with("0 of 1 figures changed beyond noise; by chance about 0.0 would.\n"), "{text}");
}

#[test]
fn a_table_says_by_how_much() {
    let a = results("ghost_max_seconds", &[5.0]);
    let mut b = results("ghost_max_seconds", &[20.0]);
    b.runs[0].cells[0].figures.get_mut("ghost_max_seconds").unwrap().censored = 1;
    let text = table::text(&Diff::of(&a, &b), "a", "b");
    let row = "  lifetimes push-ours 2s-kill ghost_max_seconds  5.00  >= 20.0  +15.0 (+300 %)  2.00\n";
    assert!(text.contains("\nWorse: 1\n") && text.contains(row), "{text}");
}
