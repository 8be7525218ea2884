//! The results as a table, with the article's claim beside.

use crate::compare::results::{Cell, Figure, Results, Run};

/// What the article says of its own app.
pub const CLAIM: &str = "the article's claim: instrumentation adds 2-3 % to the time that a request takes (which is 100-500 ms there)";

/// All runs, each with its cells.
pub fn text(results: &Results) -> String {
    let mut text = String::new();
    for run in &results.runs {
        text.push_str(&format!("\n{}\n", run.scenario));
        if let Some(why) = &run.skipped {
            text.push_str(&format!("  skipped: {why}\n"));
        }
        for cell in &run.cells {
            text.push_str(&rows(cell));
        }
        for note in &run.notes {
            text.push_str(&format!("  note: {note}\n"));
        }
    }
    text.push_str(&format!("\n{CLAIM}\n"));
    for run in results.runs.iter().filter(|run| run.scenario != "overhead/agent") {
        text.push_str(&claim(run));
    }
    text
}

fn rows(cell: &Cell) -> String {
    let mut text = format!("  {:<34} {:>13} {:>28} {:>4}\n", cell.cohort, "median", "95 % interval", "n");
    for (name, figure) in &cell.figures {
        let Some(value) = figure.value else { continue };
        let interval = figure.interval.map_or_else(
            || "too few rounds".to_owned(),
            |[low, high]| format!("{} to {}", shown(name, low), shown(name, high)),
        );
        let lost = if lost(name, figure) { "  lost in noise" } else { "" };
        text.push_str(&format!(
            "    {name:<32} {:>13} {interval:>28} {:>4}{lost}\n",
            shown(name, value),
            figure.n
        ));
    }
    text
}

/// Whether a difference might as well be none.
fn lost(name: &str, figure: &Figure) -> bool {
    let none = if name.contains("_added_") {
        0.0
    } else if name.ends_with("_ratio") {
        1.0
    } else {
        return false;
    };
    figure.interval.is_some_and(|[low, high]| low <= none && none <= high)
}

/// A value with the unit that its name says.
fn shown(name: &str, value: f64) -> String {
    if name == "cpu_added_of_article_work_ratio" {
        format!("{:.4} %", value * 100.0)
    } else if name.ends_with("_ratio") {
        format!("{value:.4}")
    } else if name.ends_with("_bytes") {
        format!("{:.1} MiB", value / 1_048_576.0)
    } else if name.ends_with("_per_minute") {
        format!("{:.1} ms/min", value * 1e3)
    } else if value.abs() < 1e-3 {
        format!("{:.2} us", value * 1e6)
    } else {
        format!("{:.3} ms", value * 1e3)
    }
}

/// The claim beside what was measured of one app: by latency, and by what its processor did.
fn claim(run: &Run) -> String {
    let figure = |cohort: &str, name: &str| {
        let cell = run.cells.iter().find(|cell| cell.cohort == cohort)?;
        let figure = cell.figures.get(name)?;
        Some((figure.value?, figure.interval))
    };
    let percent = |(value, interval): (f64, Option<[f64; 2]>), less: f64| {
        let few = || " (too few rounds for an interval)".to_owned();
        let interval = interval.map_or_else(few, |[low, high]| {
            format!(" ({:+.4} to {:+.4})", (low - less) * 100.0, (high - less) * 100.0)
        });
        format!("{:+.4} %{interval}", (value - less) * 100.0)
    };
    let rows = [
        ("time of a request, the article's work", figure("article-work", "latency_mean_ratio"), 1.0),
        ("CPU added, of the article's 300 ms", figure("no-work", "cpu_added_of_article_work_ratio"), 0.0),
        ("CPU of a request without work", figure("no-work", "cpu_ratio"), 1.0),
    ];
    let line = |(what, found, less): (&str, Option<_>, f64)| {
        found.map(|found| format!("  {:<17} {what:<38} {}\n", run.scenario, percent(found, less)))
    };
    rows.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_whose_interval_holds_none_is_lost_in_noise() {
        let figure = |interval| Figure { value: Some(1.0), interval, ..Figure::default() };
        assert!(lost("latency_p50_added_seconds", &figure(Some([-1e-6, 1e-6]))));
        assert!(!lost("latency_p50_added_seconds", &figure(Some([1e-7, 1e-6]))));
        assert!(lost("cpu_ratio", &figure(Some([0.99, 1.01]))));
        assert!(!lost("cpu_ratio", &figure(Some([1.01, 1.02]))));
        assert!(!lost("cpu_ratio", &figure(None)));
        assert!(!lost("cpu_per_request_seconds", &figure(Some([0.0, 2.0]))));
    }

    #[test]
    fn values_have_the_unit_of_their_name() {
        assert_eq!(shown("latency_p50_added_seconds", -2.5e-6), "-2.50 us");
        assert_eq!(shown("latency_p99_seconds", 0.4951), "495.100 ms");
        assert_eq!(shown("agent_memory_bytes", 10_485_760.0), "10.0 MiB");
        assert_eq!(shown("agent_cpu_seconds_per_minute", 0.25), "250.0 ms/min");
        assert_eq!(shown("cpu_added_of_article_work_ratio", 0.0013), "0.1300 %");
    }
}
