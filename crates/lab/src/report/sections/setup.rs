//! How a scenario is set up, in a line or two, from its data.

use std::collections::BTreeSet;

use super::super::words;
use crate::compare::scenario::{Birth, Cohort, Exit, Fault, Life, Network, Scenario, Times};

pub(super) fn told(of: &Scenario, times: &Times) -> String {
    let mut parts = Vec::new();
    if of.cohorts.len() > 3 {
        parts.push(many(&of.cohorts));
    } else {
        let each: Vec<String> = of.cohorts.iter().map(cohort).collect();
        parts.push(each.join("; "));
    }
    parts.extend(of.faults.iter().map(fault));
    match of.network {
        Network::Plain => {}
        Network::Nat => {
            parts.push("instances reach out through masquerading, and nothing reaches them".to_owned());
        }
        Network::Bad { loss, kilobits } => {
            parts.push(format!(
                "the link drops {} % of the packets each way and has {kilobits} kbit/s",
                loss * 100.0
            ));
        }
    }
    format!(
        "**Set-up.** {}. A scrape each {} s, a push each {} s, {} events a second at each instance; {} s, and {} s more to look at it.",
        parts.join("; "),
        times.scrape,
        times.push,
        times.rate,
        of.seconds,
        of.hold
    )
}

/// What faults are called in pictures, with their times.
pub(super) fn faults(of: &Scenario) -> Vec<(f64, f64, String)> {
    of.faults
        .iter()
        .map(|fault| match *fault {
            Fault::GatewaysDown { at, seconds } => (at, at + seconds, "gateways down".to_owned()),
            Fault::LinkCut { at, seconds } => (at, at + seconds, "network cut".to_owned()),
        })
        .collect()
}

fn fault(of: &Fault) -> String {
    match of {
        Fault::GatewaysDown { at, seconds } => {
            format!(
                "at {at} s all gateways, and the Prometheus that is written to, are killed, and started again {seconds} s later"
            )
        }
        Fault::LinkCut { at, seconds } => format!("from {at} s on for {seconds} s no packet passes"),
    }
}

fn cohort(of: &Cohort) -> String {
    let count = if of.pods == 1 { "1 instance".to_owned() } else { format!("{} instances", of.pods) };
    let born = match of.birth {
        Birth::At(at) => format!("born at {at} s"),
        Birth::Over(from, until) => format!("born between {from} and {until} s"),
        Birth::Every { first, step } => format!("born one each {step} s from {first} s on"),
    };
    let life = match of.life {
        None => "to the end".to_owned(),
        Some(Life::For(seconds)) => format!("for {seconds} s, {}", exit(of.exit)),
        Some(Life::Between(from, until)) => format!("for {from} to {until} s, {}", exit(of.exit)),
    };
    let name = if of.one_identity { " with one name" } else { "" };
    format!("`{}`: {count}{name}, {born}, {life}", of.name)
}

fn exit(of: Exit) -> &'static str {
    match of {
        Exit::Stay => "to the end",
        Exit::Kill => "then killed with their agents",
        Exit::Term => "then stopped in order",
        Exit::AppKill => "then killed, the agents live on",
        Exit::AgentKill => "then their agents are killed, the instances live on",
        Exit::Linger => "then stopped in order, with `/metrics` for one interval more",
    }
}

fn many(cohorts: &[Cohort]) -> String {
    let instances: usize = cohorts.iter().map(|cohort| cohort.pods).sum();
    let lives = cohorts.iter().filter_map(|cohort| match cohort.life {
        Some(Life::For(seconds) | Life::Between(_, seconds)) => Some(seconds),
        None => None,
    });
    let (least, most) =
        lives.fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), life| (least.min(life), most.max(life)));
    let ends: BTreeSet<&str> = cohorts.iter().map(|cohort| exit(cohort.exit)).collect();
    let ends: Vec<String> = ends.into_iter().map(|end| end.trim_start_matches("then ").to_owned()).collect();
    let least_pods = cohorts.iter().map(|cohort| cohort.pods).min().unwrap_or(0);
    format!(
        "{instances} instances in {} cohorts of {least_pods} and more, which live for {least} to {most} s and are then {}",
        cohorts.len(),
        words::list(&ends)
            .replace(" and ", " or ")
            .replace("their agents are killed, the", "outlived by their")
    )
}
