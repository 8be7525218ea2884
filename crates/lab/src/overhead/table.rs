//! The result of `overhead` for a reader, with the article's claim beside it.

use crate::compare::results::{Cell, Results};
use crate::figure::with_interval;

/// What the article says of its instruments: at the most so much more.
const CLAIM: f64 = 1.03;

/// A row for each figure; ratios with what the claim comes to.
pub fn text(results: &Results) -> String {
    let mut text = String::from("Median over rounds (95 % interval, n rounds)\n");
    for run in &results.runs {
        text.push_str(&format!("\n{}\n", run.scenario));
        if let Some(reason) = &run.skipped {
            text.push_str(&format!("  skipped: {reason}\n"));
        }
        for cell in &run.cells {
            text.push_str(&format!("  {}, {}\n", cell.path, cell.cohort));
            for (name, figure) in &cell.figures {
                text.push_str(&format!("    {name:<30} {}\n", with_interval(name, figure)));
            }
            text.push_str(&claim(cell).map_or_else(String::new, |claim| format!("    {claim}\n")));
        }
        for note in &run.notes {
            text.push_str(&format!("  note: {note}\n"));
        }
    }
    text
}

/// What was added in per cent, and whether that is what the article says.
fn claim(cell: &Cell) -> Option<String> {
    let figure = cell.figures.get("cpu_ratio")?;
    let value = figure.value?;
    let [low, high] = figure.interval.unwrap_or([value, value]);
    let verdict = match (figure.interval, low > CLAIM, high <= CLAIM) {
        (None, ..) => "too few rounds to tell",
        (_, true, _) => "it is more",
        (_, _, true) => "it is not more",
        _ => "the interval has both",
    };
    let added = |ratio: f64| (ratio - 1.0) * 100.0;
    Some(format!(
        "instruments add {:+.1} % of CPU ({:+.1} to {:+.1}); the article says 2 to 3 %: {verdict}",
        added(value),
        added(low),
        added(high)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{cell, median};

    #[test]
    fn a_claim_is_judged_by_the_whole_interval() {
        let said = |ratios: &[f64]| claim(&cell("api", "", [("cpu_ratio", median(ratios))])).unwrap();
        assert!(said(&[1.6, 1.62, 1.61, 1.64, 1.6, 1.63]).ends_with("it is more"));
        assert!(said(&[1.01, 1.0, 1.02, 1.01, 1.0, 1.01]).ends_with("it is not more"));
        assert!(said(&[0.9, 1.01, 1.2, 1.1, 0.95, 1.3]).ends_with("the interval has both"));
        assert!(said(&[1.6, 1.61, 1.62]).ends_with("too few rounds to tell"));
        assert_eq!(claim(&cell("agent", "1 s", [])), None);
    }
}
