//! The decision table: for each workload what each way showed, which way that leaves, and what one gives up.

use super::super::document::{Block, Table};
use super::super::judge::{Beside, Measured};
use super::super::pool::Pool;
use super::super::{shown, words};
use super::workloads::{Workload, all};
use super::{anchor, heading, number};

const PULLS: [&str; 2] = ["pull-static", "pull-discovered"];
const OURS: [&str; 2] = ["push-ours", "push-exec"];
const REALS: [&str; 2] = ["push-real", "push-real-file"];
const REMOTE: [&str; 1] = ["remote-write"];

/// What is smaller does not decide: a share of the larger value, of shares five points.
const MATTERS: f64 = 0.05;

pub(super) fn add(pool: &Pool, blocks: &mut Vec<Block>) {
    blocks.push(heading(2, "decision", "Which for what"));
    blocks.push(Block::Text(
        "Each number leads to its table. *Take* is computed: of all ways the ones that no other beats in the first \
         figure, of these the ones unbeaten in the second, and so on. One beats another where it is better beyond noise (in \
         every repeat, and by more than twice the standard error over instances) and by more than a twentieth. *You give up* is what another way does better, by the same rule."
            .replace("*Take*", "**Take**")
            .replace("*You give up*", "**You give up**"),
    ));
    let head =
        ["Workload", "Take", "You give up", "Pull", "Push, our gateway", "Push, Pushgateway", "Remote write"];
    let rows = all(pool).iter().map(|workload| row(pool, workload)).collect();
    let head = head.map(str::to_owned).to_vec();
    let caption = String::new();
    blocks.push(Block::Table(Table { id: "decisions".to_owned(), caption, head, rows, prose: true }));
}

fn row(pool: &Pool, of: &Workload) -> Vec<String> {
    let taken = take(pool, &of.criteria);
    let linger = linger(pool, of);
    vec![
        of.name.clone(),
        named(&taken),
        taken.first().map_or_else(|| "–".to_owned(), |_| price(pool, of, &taken)),
        shows(pool, of, &PULLS) + &linger,
        shows(pool, of, &OURS),
        shows(pool, of, &REALS),
        // What took no part in these results showed neither something nor nothing.
        if of.criteria.iter().any(|one| one.by(pool, REMOTE[0]).is_some()) {
            shows(pool, of, &REMOTE)
        } else {
            "not measured".to_owned()
        },
    ]
}

/// Of all ways those that are left, criterion by criterion; none where nothing was measured.
pub(super) fn take(pool: &Pool, criteria: &[Measured]) -> Vec<String> {
    let mut left: Vec<&str> = PULLS.into_iter().chain(OURS).chain(REALS).chain(REMOTE).collect();
    left.retain(|way| criteria.iter().any(|one| one.by(pool, way).is_some()));
    for one in criteria {
        let all = left.clone();
        left.retain(|way| !all.iter().any(|other| beats(pool, one, other, way)));
    }
    left.into_iter().map(str::to_owned).collect()
}

fn beats(pool: &Pool, of: &Measured, one: &str, other: &str) -> bool {
    let (Some(a), Some(b)) = (of.by(pool, one), of.by(pool, other)) else {
        // Where others were counted, a way without a figure showed nothing.
        return of.by(pool, one).is_some() && of.measure != "detection_max_seconds" && !of.cohort.is_empty();
    };
    let (a, b) = (a.side.median, b.side.median);
    let scale = if of.measure.ends_with("_ratio") { 1.0 } else { a.abs().max(b.abs()) };
    (a - b).abs() > MATTERS * scale && of.beside(pool, one, other) == Some(Beside::Better)
}

fn named(taken: &[String]) -> String {
    let has = |way: &str| taken.iter().any(|one| one == way);
    let mut names: Vec<String> = Vec::new();
    if PULLS.iter().all(|way| has(way)) {
        names.push("pull".to_owned());
    }
    let pull = !names.is_empty();
    let others: Vec<&str> =
        taken.iter().map(String::as_str).filter(|way| !(pull && PULLS.contains(way))).collect();
    names.extend((!others.is_empty()).then(|| words::ways(&others).replace(" and ", " or ")));
    match names.as_slice() {
        [] => "not measured".to_owned(),
        _ if has("pull-static") && has("push-ours") && has("push-real") => {
            "not decided: no difference beyond noise".to_owned()
        }
        names => format!("**{}**", names.join("** or **")),
    }
}

/// What others do better than the first that is taken.
fn price(pool: &Pool, of: &Workload, taken: &[String]) -> String {
    let way = taken[0].as_str();
    let mut parts = Vec::new();
    for one in of.criteria.iter().chain(&of.prices) {
        let others = PULLS.into_iter().chain(OURS).chain(REALS).chain(REMOTE);
        let better: Vec<&str> =
            others.filter(|other| one.by(pool, way).is_some() && beats(pool, one, other, way)).collect();
        let Some(best) =
            better.iter().copied().find(|best| better.iter().all(|other| !beats(pool, one, other, best)))
        else {
            continue;
        };
        let (Some(has), Some(could)) = (number(pool, one, way), one.by(pool, best)) else { continue };
        parts.push(format!(
            "{}: {has}; by {} {}",
            label(one),
            words::way(best),
            shown::median(&one.measure, could)
        ));
        if parts.len() == 3 {
            break;
        }
    }
    if parts.is_empty() { "nothing that was measured here".to_owned() } else { parts.join("\n") }
}

/// The criteria's figures by the first of these ways, and of the others where they differ.
fn shows(pool: &Pool, of: &Workload, ways: &[&str]) -> String {
    let mut parts = Vec::new();
    for one in &of.criteria {
        let Some((first, rest)) = ways.split_first() else { continue };
        let Some(text) = number(pool, one, first) else {
            let measured = PULLS.into_iter().chain(OURS).any(|way| one.by(pool, way).is_some());
            if measured && !one.cohort.is_empty() {
                parts.push(format!(
                    "{}: nothing",
                    super::super::markup::link(&label(one), &anchor(pool, one))
                ));
            }
            continue;
        };
        let mut text = format!("{}: {text}", label(one));
        for other in rest {
            let Some(b) = one.by(pool, other) else { continue };
            if one.beside(pool, first, other) != Some(Beside::Alike) {
                let name = words::path(other).rsplit(", ").next().unwrap_or(other);
                text.push_str(&format!(" ({name}: {})", shown::median(&one.measure, b)));
            }
        }
        parts.push(text);
    }
    if parts.is_empty() { "not measured".to_owned() } else { parts.join("\n") }
}

/// A criterion where there is little room; whose death it is where it is not the instance's with its agent.
fn label(of: &Measured) -> String {
    let brief = words::brief(&of.measure);
    match of.scenario.as_str() {
        "api-crash" => brief.replace("death", "API's crash"),
        "agent-crash" => brief.replace("death", "agent's crash"),
        _ => brief,
    }
}

/// What pull keeps of a short life if the instance waits: part of a fair comparison.
fn linger(pool: &Pool, of: &Workload) -> String {
    let Some(cohort) = of.criteria.first().and_then(|one| one.cohort.strip_suffix("-term")) else {
        return String::new();
    };
    let waits = Measured::new("lifetimes", &format!("{cohort}-linger"), "capture_ratio");
    number(pool, &waits, "pull-static")
        .map(|share| format!("\nif it waits one interval: {share}"))
        .unwrap_or_default()
}
