//! What is told, in order. Each part is a file; all are made of figures and of rules, none of outcomes.

mod answer;
mod article;
mod claims;
mod costs;
mod decision;
mod figures;
mod limits;
mod origin;
mod overhead;
mod scenario;
mod setup;
mod workloads;

use super::document::{Block, Document, id};
use super::judge::Measured;
use super::markup::link;
use super::pool::Pool;
use super::shown;
use super::source::Source;

/// The whole report.
pub fn all(pool: &Pool, sources: &[Source]) -> Document {
    let mut blocks = Vec::new();
    answer::add(pool, &mut blocks);
    decision::add(pool, &mut blocks);
    blocks.push(heading(2, "scenarios", "What was done, and what it showed"));
    blocks.push(Block::Text(READING.to_owned()));
    for of in pool.scenarios() {
        scenario::add(pool, of, &mut blocks);
    }
    costs::add(pool, &mut blocks);
    overhead::add(pool, &mut blocks);
    article::add(pool, &mut blocks);
    limits::add(pool, sources, &mut blocks);
    origin::add(sources, &mut blocks);
    Document { title: "Push versus pull, measured".to_owned(), blocks }
}

const READING: &str = "All ways watch the same instances at the same time, each with a Prometheus of its own. \
    A figure is the median over repeats, with [least–most]; of a single repeat it is followed by its 95 % interval \
    in round brackets. n counts instances or events over all repeats. ✓ is within what theory expects, ✗ is not, \
    and where neither is there theory says nothing. ≥ marks times of which some, as many as it says, went on when the run ended.";

fn heading(level: u8, id: &str, name: &str) -> Block {
    Block::Heading(level, id.to_owned(), name.to_owned())
}

/// The table in which a figure is found.
fn anchor(pool: &Pool, of: &Measured) -> String {
    if of.cohort.is_empty() {
        id(&["costs", &of.scenario])
    } else if many(pool, &of.scenario) {
        id(&[&of.scenario, &of.measure])
    } else {
        id(&[&of.scenario, &of.cohort])
    }
}

/// Whether a scenario has so many cohorts that each measure has a table of its own.
fn many(pool: &Pool, scenario: &str) -> bool {
    pool.cohorts(scenario).len() > 2
}

/// The median, linked to its table; none where it was not measured.
fn number(pool: &Pool, of: &Measured, path: &str) -> Option<String> {
    let spread = of.by(pool, path)?;
    Some(link(&shown::median(&of.measure, spread), &anchor(pool, of)))
}

/// The longest life below the scrape interval that ended so and that was measured; without one, the interval.
fn short(pool: &Pool, end: &str) -> Option<(f64, Measured)> {
    let scrape = pool.times()?.scrape;
    let lives = pool.cohorts("lifetimes").into_iter().filter_map(|cohort| {
        let life: f64 = cohort.strip_suffix(&format!("s-{end}"))?.parse().ok()?;
        let captured = Measured::new("lifetimes", &cohort, "capture_ratio");
        let measured = pool.paths("lifetimes").iter().any(|path| captured.by(pool, path).is_some());
        (measured && life <= scrape).then_some((life, captured))
    });
    let below = |life: f64| life < scrape;
    lives.max_by(|one, other| below(one.0).cmp(&below(other.0)).then(one.0.total_cmp(&other.0)))
}
