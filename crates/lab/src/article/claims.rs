//! What the article says, what was measured, and whether it holds. Computed from figures alone.

use super::loads::REACHED;
use crate::compare::results::{Cell, Results};

/// The article's bound, in seconds.
const BOUND: f64 = 0.5;

/// One line: the claim, of what, what was measured, the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// In the article's words, shortened.
    pub claim: &'static str,
    /// The program.
    pub of: String,
    /// Numbers.
    pub measured: String,
    /// `holds`, `does not hold: …`, `holds only because …`.
    pub verdict: String,
}

/// All that these results can judge.
pub fn all(results: &Results) -> Vec<Claim> {
    let mut claims = Vec::new();
    for app in ["article-app", "our-api"] {
        claims.extend(rates(results, app));
        claims.extend(latency(results, app));
        claims.extend(instances(results, app));
    }
    claims
}

/// They as a table; the claim about overhead is measured elsewhere.
pub(super) fn text(results: &Results) -> String {
    let mut text = String::from("\nThe article's claims\n");
    for Claim { claim, of, measured, verdict } in all(results) {
        text.push_str(&format!("  {claim} ({of})\n    measured: {measured}\n    it {verdict}\n"));
    }
    text + "  instruments add 2 to 3 %\n    measured by: pushpull-lab overhead\n"
}

fn cells<'r>(results: &'r Results, scenario: &str) -> &'r [Cell] {
    let run = results.runs.iter().find(|run| run.scenario == scenario);
    run.map_or(&[], |run| &run.cells)
}

fn of<'r>(results: &'r Results, scenario: &str, app: &str, cohort: &str) -> Option<&'r Cell> {
    cells(results, scenario).iter().find(|cell| cell.path == app && cell.cohort == cohort)
}

fn value(cell: &Cell, name: &str) -> Option<f64> {
    cell.figures.get(name)?.value
}

/// The load test ran at the rates that the article names.
fn rates(results: &Results, app: &str) -> Option<Claim> {
    let mut shares = Vec::new();
    for name in ["baseline", "moderate", "high", "endurance"] {
        let Some(cell) = of(results, &format!("article/{name}"), app, "script") else { continue };
        let (asked, sent) = (value(cell, "requested_rate")?, value(cell, "achieved_rate")?);
        shares.push((name, asked, sent));
    }
    if shares.is_empty() {
        return None;
    }
    let measured: Vec<String> =
        shares.iter().map(|(name, asked, sent)| format!("{name} {sent:.1} of {asked:.0}/s")).collect();
    let holds = shares.iter().all(|(_, asked, sent)| *sent >= asked * REACHED);
    let verdict =
        if holds { "holds" } else { "does not hold: the script waits for each batch and sends fewer" };
    Some(Claim {
        claim: "its script loads at 10, 50, 100 and 25/s",
        of: app.to_owned(),
        measured: measured.join(", "),
        verdict: verdict.to_owned(),
    })
}

/// Below 500 ms at 100/s.
fn latency(results: &Results, app: &str) -> Option<Claim> {
    let told = |cohort: &str| {
        let cell = of(results, "article/high", app, cohort)?;
        let success = value(cell, "success_ratio")?;
        Some((
            value(cell, "requested_rate")?,
            value(cell, "achieved_rate")?,
            value(cell, "latency_p99_seconds")?,
            success,
        ))
    };
    let open = told("open-asked")?;
    let say = |(asked, sent, p99, _): (f64, f64, f64, f64)| {
        format!("p99 {:.1} ms at {sent:.1} of {asked:.0}/s", p99 * 1e3)
    };
    let reached =
        |(asked, sent, _, success): (f64, f64, f64, f64)| sent >= asked * REACHED && success >= 0.999;
    let below = |(.., p99, _): (f64, f64, f64, f64)| p99 < BOUND;
    let script = told("script");
    let verdict = match script {
        _ if reached(open) && below(open) => "holds".to_owned(),
        Some(script) if below(script) && !reached(script) => format!(
            "holds only because the script sent {:.1} of {:.0}/s; at the asked rate it does not",
            script.1, script.0
        ),
        _ if reached(open) => "does not hold: p99 is not below 500 ms".to_owned(),
        _ => "does not hold: the rate is not reached".to_owned(),
    };
    let script = script.map_or_else(String::new, |script| format!("its script: {}; ", say(script)));
    Some(Claim {
        claim: "below 500 ms at 100/s",
        of: app.to_owned(),
        measured: format!("{script}open loop: {}", say(open)),
        verdict,
    })
}

/// Several instances, all scraped, without a loss.
fn instances(results: &Results, app: &str) -> Option<Claim> {
    let all = cells(results, "article/instances").iter().filter(|cell| cell.path == app);
    let last = all.max_by_key(|cell| cell.cohort.parse::<u32>().unwrap_or(0))?;
    let (asked, sent) = (value(last, "requested_rate")?, value(last, "achieved_rate")?);
    let (up, scrape) = (value(last, "up")?, value(last, "scrape_duration_max_seconds")?);
    let verdict = if up < 1.0 {
        "does not hold: a scrape failed"
    } else if sent < asked * REACHED {
        "does not hold here: the rate is not reached"
    } else {
        "holds"
    };
    Some(Claim {
        claim: "several instances, all scraped, without a loss of speed",
        of: app.to_owned(),
        measured: format!(
            "{} instances: {sent:.1} of {asked:.0}/s, up {up:.0}, a scrape at most {:.1} ms",
            last.cohort,
            scrape * 1e3
        ),
        verdict: verdict.to_owned(),
    })
}

#[cfg(test)]
mod tests;
