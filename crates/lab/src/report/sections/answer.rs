//! The answer in five sentences, each from figures, and from rules what is said of them.

use super::super::document::Block;
use super::super::judge::{Beside, Measured, unbeaten};
use super::super::pool::{CPU, Pool};
use super::super::words;
use super::{heading, number, short};

const WAYS: [&str; 3] = ["pull-static", "push-ours", "push-real"];

pub(super) fn add(pool: &Pool, blocks: &mut Vec<Block>) {
    blocks.push(heading(2, "answer", "The answer in five sentences"));
    let none = |what: &str| format!("{what} was not measured.");
    blocks.push(Block::List(vec![
        killed(pool).unwrap_or_else(|| none("**A crash:** what short instances leave")),
        ended(pool).unwrap_or_else(|| none("**A clean end:** what short instances leave")),
        dead(pool).unwrap_or_else(|| none("**After death:** what still shows")),
        broken(pool).unwrap_or_else(|| none("**Between:** NAT and outages")),
        cost(pool).unwrap_or_else(|| none("**The price**")),
    ]));
}

fn killed(pool: &Pool) -> Option<String> {
    let (life, captured) = short(pool, "kill")?;
    let (mut pull, mut push, mut neither) = (0, 0, 0);
    for cohort in pool.cohorts("lifetimes").iter().filter(|cohort| cohort.ends_with("-kill")) {
        match Measured::new("lifetimes", cohort, "capture_ratio").beside(pool, "pull-static", "push-ours") {
            Some(Beside::Better) => pull += 1,
            Some(Beside::Worse) => push += 1,
            Some(Beside::Alike) => neither += 1,
            None => {}
        }
    }
    let over = format!(
        "of all {} lifetimes pull kept more in {pull}, push to our gateway in {push}, and neither beyond noise in {neither}",
        pull + push + neither
    );
    let why = if neither > pull + push { ": the interval decides, not the direction" } else { "" };
    Some(format!(
        "**A crash:** an instance that lives for {life} s and is killed leaves of its events {}: {}; {over}{why}.",
        by(pool, &captured)?,
        best(pool, &captured)
    ))
}

fn ended(pool: &Pool) -> Option<String> {
    let (life, captured) = short(pool, "term")?;
    let increase = Measured { measure: "increase_ratio".to_owned(), ..captured.clone() };
    let linger = Measured::new("lifetimes", &captured.cohort.replace("-term", "-linger"), "capture_ratio");
    let waits = number(pool, &linger, "pull-static")
        .map(|share| format!(", and {share} by pull where it waits for one more interval before it goes"))
        .unwrap_or_default();
    let shows =
        by(pool, &increase).map(|shares| format!("; `increase()` shows {shares}")).unwrap_or_default();
    Some(format!(
        "**A clean end:** the same that is stopped in order after {life} s leaves {}{waits}: {}{shows}.",
        by(pool, &captured)?,
        best(pool, &captured)
    ))
}

fn dead(pool: &Pool) -> Option<String> {
    let ghost = Measured::new("ghosts", "kill", "ghost_p50_seconds");
    let noticed = Measured::new("ghosts", "kill", "detection_max_seconds");
    let alerts = by(pool, &noticed)
        .map(|times| {
            format!(
                "; its death is noticed without a false alarm after at most {times}: {}",
                best(pool, &noticed)
            )
        })
        .unwrap_or_default();
    Some(format!(
        "**After death:** a killed instance still shows for {}: {}{alerts}.",
        by(pool, &ghost)?,
        best(pool, &ghost)
    ))
}

fn broken(pool: &Pool) -> Option<String> {
    let nat = Measured::new("nat", "inside", "capture_ratio");
    let spike = Measured::new("link-cut", "far", "rate_max_ratio");
    let low = Measured::new("link-cut", "far", "rate_min_ratio");
    let behind = by(pool, &nat)
        .map(|shares| format!("behind NAT {shares} of the events arrive: {}", best(pool, &nat)));
    let each = WAYS.iter().filter_map(|way| {
        let (low, high) = (number(pool, &low, way)?, number(pool, &spike, way)?);
        Some(format!("{low} and {high} by {}", words::path(way)))
    });
    let each: Vec<String> = each.collect();
    let after = (!each.is_empty()).then(|| {
        format!(
            "around an outage of the network `rate()` shows between {}, of the true rate",
            words::list(&each)
        )
    });
    let parts: Vec<String> = [behind, after].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("**Between:** {}.", parts.join("; ")))
}

fn cost(pool: &Pool) -> Option<String> {
    let bytes = Measured::new("steady", "", "bytes_per_pod_minute");
    let cpu = Measured::new("steady", "", CPU);
    let work = by(pool, &cpu).map(|times| {
        format!("all processes beside the API need of a CPU each minute {times}: {}", best(pool, &cpu))
    });
    let wire = by(pool, &bytes)
        .map(|sizes| format!("an instance moves each minute {sizes}: {}", best(pool, &bytes)));
    let parts: Vec<String> = [wire, work].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("**The price:** {}.", parts.join("; ")))
}

/// `a by pull, b by push, …`, with links.
fn by(pool: &Pool, of: &Measured) -> Option<String> {
    let each: Vec<String> = WAYS
        .iter()
        .filter_map(|way| Some(format!("{} by {}", number(pool, of, way)?, words::path(way))))
        .collect();
    (!each.is_empty()).then(|| words::list(&each))
}

/// Who is not beaten.
fn best(pool: &Pool, of: &Measured) -> String {
    let ways: Vec<&str> = WAYS.into_iter().filter(|way| of.by(pool, way).is_some()).collect();
    let first = unbeaten(pool, of, &ways);
    if first.len() == ways.len() {
        return "no difference beyond noise".to_owned();
    }
    let names: Vec<String> = first.iter().map(|way| words::path(way).to_owned()).collect();
    format!("best is {}", words::list(&names))
}
