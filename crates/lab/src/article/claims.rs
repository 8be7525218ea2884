//! What the article says, beside what was measured; a verdict only where figures give one.

use crate::compare::results::{Cell, Run};

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What the article says, and where.
    pub says: &'static str,
    /// What was measured.
    pub measured: String,
    /// `holds`, `does not hold`, or `not measured`.
    pub verdict: &'static str,
}

/// All claims that these runs can judge.
pub fn claims(runs: &[Run]) -> Vec<Claim> {
    vec![rate(runs), latency(runs), instances(runs)]
}

fn cell<'a>(runs: &'a [Run], scenario: &str, cohort: &str) -> Option<&'a Cell> {
    let run = runs.iter().find(|run| run.scenario == scenario)?;
    run.cells.iter().find(|cell| cell.path == "article-app" && cell.cohort == cohort)
}

fn value(cell: &Cell, name: &str) -> Option<f64> {
    cell.figures.get(name)?.value
}

fn judged(says: &'static str, measured: Option<(String, bool)>) -> Claim {
    match measured {
        Some((measured, true)) => Claim { says, measured, verdict: "holds" },
        Some((measured, false)) => Claim { says, measured, verdict: "does not hold" },
        None => Claim { says, measured: String::new(), verdict: "not measured" },
    }
}

fn rate(runs: &[Run]) -> Claim {
    let says = "its load test sends 10, 50, 100 and 25 requests a second (section 3.5)";
    let rates = ["baseline", "moderate", "high", "endurance"].map(|name| {
        let cell = cell(runs, &format!("article/{name}"), "script")?;
        Some((value(cell, "requested_rate")?, value(cell, "achieved_rate")?))
    });
    let rates: Option<Vec<_>> = rates.into_iter().collect();
    judged(
        says,
        rates.map(|rates| {
            let shown: Vec<String> = rates.iter().map(|(_, sent)| format!("{sent:.1}")).collect();
            // What a load generator may miss its rate by before it is another rate.
            let kept = rates.iter().all(|(asked, sent)| sent >= &(asked * 0.95));
            (format!("the script, which waits for each batch, sent {}/s", shown.join(", ")), kept)
        }),
    )
}

fn latency(runs: &[Run]) -> Claim {
    let says = "answers take less than 500 ms at up to 100 requests a second (section 5.1)";
    let measured = cell(runs, "article/high", "open-asked").and_then(|cell| {
        let (sent, p99, max) = (
            value(cell, "achieved_rate")?,
            value(cell, "latency_p99_seconds")?,
            value(cell, "latency_max_seconds")?,
        );
        let shown = format!(
            "at {sent:.0}/s in an open loop: p99 {:.0} ms, longest {:.0} ms, nearly all of it its own sleep of up to 500 ms",
            p99 * 1e3,
            max * 1e3
        );
        Some((shown, p99 < 0.5))
    });
    judged(says, measured)
}

fn instances(runs: &[Run]) -> Claim {
    let says = "several instances are scraped without a significant loss of performance (section 5.4)";
    let measured = cell(runs, "article/instances", "1").zip(cell(runs, "article/instances", "4")).and_then(
        |(one, four)| {
            let (up, before, after) = (
                value(four, "up_ratio")?,
                value(one, "latency_p99_seconds")?,
                value(four, "latency_p99_seconds")?,
            );
            let shown = format!(
                "4 instances: up {:.0} % of the time, p99 {:.0} ms (1 instance: {:.0} ms)",
                up * 100.0,
                after * 1e3,
                before * 1e3
            );
            Some((shown, up > 0.99 && after < before * 1.1))
        },
    );
    judged(says, measured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::results::Figure;

    fn run(scenario: &str, cohort: &str, figures: &[(&str, f64)]) -> Run {
        let figure = |value| Figure { value: Some(value), n: 1, ..Figure::default() };
        let figures = figures.iter().map(|(name, value)| ((*name).to_owned(), figure(*value))).collect();
        let cells = vec![Cell { path: "article-app".to_owned(), cohort: cohort.to_owned(), figures }];
        Run {
            scenario: scenario.to_owned(),
            repeat: 1,
            seed: 0,
            began: String::new(),
            seconds: 0.0,
            load_average: [0.0; 2],
            skipped: None,
            notes: Vec::new(),
            cells,
            lines: Vec::new(),
        }
    }

    #[test]
    fn a_verdict_follows_the_figures_and_there_is_none_without() {
        let high = |p99| {
            let figures =
                [("achieved_rate", 100.0), ("latency_p99_seconds", p99), ("latency_max_seconds", 0.6)];
            run("article/high", "open-asked", &figures)
        };
        assert_eq!(latency(&[high(0.499)]).verdict, "holds");
        assert_eq!(latency(&[high(0.511)]).verdict, "does not hold");
        assert_eq!(latency(&[]).verdict, "not measured");
        let rates = |sent: f64| {
            let all = ["baseline", "moderate", "high", "endurance"];
            let figures = [("requested_rate", 10.0), ("achieved_rate", sent)];
            all.map(|name| run(&format!("article/{name}"), "script", &figures))
        };
        assert_eq!(rate(&rates(9.9)).verdict, "holds");
        assert_eq!(rate(&rates(3.0)).verdict, "does not hold");
    }
}
