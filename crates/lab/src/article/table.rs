//! The results of `article` for a reader: a row for each program and load.

use crate::compare::results::{Cell, Results};

/// A table for each scenario.
pub(super) fn text(results: &Results) -> String {
    let mut text = String::new();
    for run in &results.runs {
        let head = format!(
            "\n{}\n  {:<24} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}\n",
            run.scenario,
            "",
            "asked/s",
            "sent/s",
            "ok",
            "p50 ms",
            "p90 ms",
            "p99 ms",
            "max ms",
            "core",
            "MiB"
        );
        text.push_str(&head);
        text.extend(run.cells.iter().map(row));
        text.extend(run.notes.iter().map(|note| format!("  note: {note}\n")));
    }
    text
}

fn row(cell: &Cell) -> String {
    let value = |name: &str, factor: f64, digits: usize| {
        let value = cell.figures.get(name).and_then(|figure| figure.value);
        value.map_or_else(|| "-".to_owned(), |value| format!("{:.digits$}", value * factor))
    };
    let scrape = if cell.figures.contains_key("up") {
        format!(
            "  up {}, a scrape {} ms, at most {} ms",
            value("up", 1.0, 0),
            value("scrape_duration_seconds", 1e3, 1),
            value("scrape_duration_max_seconds", 1e3, 1)
        )
    } else {
        String::new()
    };
    let success = format!("{} %", value("success_ratio", 100.0, 1));
    format!(
        "  {:<24} {:>8} {:>8} {success:>8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}{scrape}\n",
        format!("{}, {}", cell.path, cell.cohort),
        value("requested_rate", 1.0, 1),
        value("achieved_rate", 1.0, 1),
        value("latency_p50_seconds", 1e3, 0),
        value("latency_p90_seconds", 1e3, 0),
        value("latency_p99_seconds", 1e3, 0),
        value("latency_max_seconds", 1e3, 0),
        value("cpu_ratio_of_core", 1.0, 2),
        value("memory_bytes", 1.0 / f64::from(1 << 20), 0),
    )
}
