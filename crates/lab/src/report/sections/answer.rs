//! The answer in five sentences, each from figures, and from rules what is said of them.

use super::super::document::Block;
use super::super::judge::{Beside, Measured, unbeaten};
use super::super::pool::{CPU, Pool};
use super::super::words;
use super::{heading, number, short};

const WAYS: [&str; 4] = ["pull-static", "push-ours", "push-real", "remote-write"];

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
    let all = pull + push + neither;
    let over = match (pull, push) {
        (0, 0) => format!("in none of {all} lifetimes the two differ beyond noise"),
        _ => format!(
            "of {all} lifetimes pull keeps more in {pull}, push to our gateway in {push}, beyond noise"
        ),
    };
    Some(format!(
        "**A crash: {}.** An instance that lives for {life} s and is killed leaves {} of its events; {over}.",
        best(pool, &captured),
        by(pool, &captured)?
    ))
}

fn ended(pool: &Pool) -> Option<String> {
    let (life, captured) = short(pool, "term")?;
    let increase = Measured { measure: "increase_ratio".to_owned(), ..captured.clone() };
    let linger = Measured::new("lifetimes", &captured.cohort.replace("-term", "-linger"), "capture_ratio");
    let waits = number(pool, &linger, "pull-static")
        .map(|share| format!(" ({share} by pull if it waits for one more interval before it goes)"))
        .unwrap_or_default();
    let shows =
        by(pool, &increase).map(|shares| format!("; `increase()` shows {shares}")).unwrap_or_default();
    Some(format!(
        "**A clean end: {}.** Stopped in order after {life} s, it leaves {}{waits}{shows}.",
        best(pool, &captured),
        by(pool, &captured)?
    ))
}

fn dead(pool: &Pool) -> Option<String> {
    let ghost = Measured::new("ghosts", "kill", "ghost_p50_seconds");
    let noticed = Measured::new("ghosts", "kill", "detection_max_seconds");
    let alerts = by(pool, &noticed)
        .map(|times| format!("; an alert without false alarms comes after {times}, for the last of them (median over repeats)"))
        .unwrap_or_default();
    Some(format!(
        "**After death: {}.** A killed instance still shows for {}{alerts}.",
        best(pool, &ghost),
        by(pool, &ghost)?
    ))
}

fn broken(pool: &Pool) -> Option<String> {
    let nat = Measured::new("nat", "inside", "capture_ratio");
    let [low, high] = ["rate_min_ratio", "rate_max_ratio"].map(|rate| Measured::new("link-cut", "far", rate));
    let behind = by(pool, &nat).map(|shares| format!("{shares} of the events arrive"));
    let each = WAYS.iter().filter_map(|way| {
        let (low, high) = (number(pool, &low, way)?, number(pool, &high, way)?);
        Some(format!("{low} to {high} by {}", words::way(way)))
    });
    let each: Vec<String> = each.collect();
    let after = (!each.is_empty()).then(|| {
        format!("around an outage of the network `rate()` shows {} of the truth (lowest to highest, medians over repeats)", words::list(&each))
    });
    let parts: Vec<String> = [behind, after].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("**Behind NAT: {}.** There {}.", best(pool, &nat), parts.join("; ")))
}

fn cost(pool: &Pool) -> Option<String> {
    let bytes = Measured::new("steady", "", "bytes_per_pod_minute");
    let cpu = Measured::new("steady", "", CPU);
    let wire = by(pool, &bytes).map(|sizes| format!("An instance moves {sizes} each minute"));
    let work =
        by(pool, &cpu).map(|times| format!("all processes beside the API use {times} of CPU each minute"));
    let first = if wire.is_some() { &bytes } else { &cpu };
    let parts: Vec<String> = [wire, work].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| {
        format!("**The price: {}.** {}.", best(pool, first), super::figures::sentence(&parts.join("; ")))
    })
}

/// `a by pull, b by push, …`, with links.
fn by(pool: &Pool, of: &Measured) -> Option<String> {
    let each: Vec<String> = WAYS
        .iter()
        .filter_map(|way| Some(format!("{} by {}", number(pool, of, way)?, words::way(way))))
        .collect();
    (!each.is_empty()).then(|| words::list(&each))
}

/// Who is not beaten; nothing is said where nothing was measured.
fn best(pool: &Pool, of: &Measured) -> String {
    let ways: Vec<&str> = WAYS.into_iter().filter(|way| of.by(pool, way).is_some()).collect();
    let first = unbeaten(pool, of, &ways);
    if ways.len() < 2 {
        return "not measured by several ways".to_owned();
    }
    if first.len() == ways.len() {
        return "no difference beyond noise".to_owned();
    }
    let told = words::ways(&first);
    format!("{told} {}", if told.contains(" and ") { "do best" } else { "does best" })
}
