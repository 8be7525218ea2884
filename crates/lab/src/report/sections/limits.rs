//! What the report does not show, and how to make it again.

use super::super::document::Block;
use super::super::pool::Pool;
use super::super::source::Source;
use super::super::words;
use super::heading;

pub(super) fn add(pool: &Pool, sources: &[Source], blocks: &mut Vec<Block>) {
    blocks.push(heading(2, "limits", "What this does not show"));
    let mut items = Vec::new();
    let mut machines: Vec<&crate::compare::results::Machine> = Vec::new();
    for source in sources {
        if !machines.contains(&&source.results.machine) {
            machines.push(&source.results.machine);
        }
    }
    if let [machine] = machines.as_slice() {
        items.push(format!("One machine with {} cores for everything: instances, agents, gateways and Prometheus share it, and its clock. Clocks that differ are not in it.", machine.cores));
    }
    if let Some(times) = pool.times() {
        items.push(format!(
            "One event rate ({}/s), one scrape interval ({} s) and one push interval ({} s). The capture of a crash at other intervals follows from the formula of its picture; the rest was not measured.",
            times.rate, times.scrape, times.push
        ));
        if let Some(steady) = pool.scenarios().iter().find(|scenario| scenario.name == "steady") {
            let most = pool
                .scenarios()
                .iter()
                .flat_map(|scenario| &scenario.cohorts)
                .map(|cohort| cohort.pods)
                .max()
                .unwrap_or(0);
            let pods: usize = steady.cohorts.iter().map(|cohort| cohort.pods).sum();
            items.push(format!("Costs are of {pods} instances, and no cohort has more than {most}. What a gateway does under thousands is extrapolation."));
        }
    }
    items.push("The network is a loopback or a pair of virtual interfaces: no delay is emulated, and no route is lost but where a scenario says so.".to_owned());
    items.push("An instance stays on discovery's list until it is gone, lingering or not; orchestrators that take it off at its SIGTERM leave less to pull with discovery. It comes on the list up to 1 s after its birth.".to_owned());
    items.push("Bytes of a push hold the group in which each agent reports on itself. Two agents under one name push at the same moments, since that name decides when: which of them is seen hardly changes, where other clients would alternate.".to_owned());
    items.push(
        "Only the versions below, and of the API only the article's metrics: larger pages cost more."
            .to_owned(),
    );
    let remote = pool.paths("steady").iter().any(|path| path == "remote-write");
    if !remote {
        items.push("Remote write was not measured: it is not a way of these results.".to_owned());
    }
    let compared = !pool.named("").is_empty() && pool.times().is_some();
    let skipped = pool
        .scenarios()
        .iter()
        .filter(|scenario| pool.runs(scenario.name).iter().all(|run| run.skipped.is_some()));
    let skipped: Vec<String> = skipped.map(|scenario| format!("`{}`", scenario.name)).collect();
    if compared && !skipped.is_empty() {
        items.push(format!("Not run or skipped: {}.", words::list(&skipped)));
    }
    let known =
        |name: &&str| name.contains('/') || pool.scenarios().iter().any(|scenario| scenario.name == *name);
    let unknown: Vec<String> =
        pool.named("").into_iter().filter(|name| !known(name)).map(|name| format!("`{name}`")).collect();
    if !unknown.is_empty() {
        items.push(format!("Left out, since this version does not know them: {}.", words::list(&unknown)));
    }
    let loads = sources.iter().flat_map(|source| &source.results.runs).flat_map(|run| run.load_average);
    let load = loads.fold(0.0, f64::max);
    items.push(format!("The machine was not always quiet: its load was up to {load:.1}, part of which is the comparison itself. All figures may suffer from it; a run that could not keep its rate of events says so in its section."));
    blocks.push(Block::List(items));
    blocks.push(heading(2, "again", "How to make it again"));
    blocks.push(Block::Text("On Linux with the programs of [the versions below](#origin); NAT, bad links and bytes need root. The seed makes the same births, lives and exits.".to_owned()));
    blocks.push(Block::Code(commands(sources)));
}

fn commands(sources: &[Source]) -> String {
    let mut lines = vec!["cargo build --release".to_owned()];
    for source in sources {
        let of = &source.results;
        let mut line = format!("target/release/pushpull-lab {}", of.command);
        let set = |name: &str| of.settings.get(name).map(String::as_str);
        if of.command == "compare" {
            if set("quick") == Some("true") {
                line.push_str(" --quick");
            }
            if let Some(repeat) = set("repeat") {
                line.push_str(&format!(" --repeat {}", word(repeat)));
            }
            line.push_str(&format!(" --seed {}", of.seed));
        }
        lines.push(format!("{line} --out var/lab/{}", word(&source.name)));
    }
    let files: Vec<String> = sources.iter().map(|source| format!("var/lab/{}", word(&source.name))).collect();
    lines.push(format!("target/release/pushpull-lab report {}", files.join(" ")));
    lines.join("\n")
}

/// What a shell and a fence leave as it is.
fn word(text: &str) -> String {
    text.chars()
        .map(|one| if one.is_ascii_alphanumeric() || "._-".contains(one) { one } else { '_' })
        .collect()
}
