//! Reading every source once, as the agent would.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::{Finding, LONGEST, advice};
use crate::config::Compression;
use crate::discovery::{Claims, Finder};
use crate::plan::{Kind, Made, Part, Plan};
use crate::sinks::push::Weight;
use crate::snapshot::Snapshot;
use crate::sources::Source;
use crate::stats::Stats;

/// So many targets of a list are read at once: the pages of a thousand take memory.
const AT_ONCE: usize = 50;
/// A label that the agent gives another name, because the group has one of the same.
const MOVED: &str = "exported_";

/// What is found, and how many sources there are, each target of a list as one.
pub(super) async fn read(plan: &Plan, compression: Compression) -> (Vec<Finding>, usize) {
    let stats = match Stats::new() {
        Ok(stats) => Arc::new(stats),
        Err(error) => return (vec![Finding::fail("metrics", error.to_string(), "report this as a bug")], 0),
    };
    let (claims, until) = (Claims::default(), Instant::now() + LONGEST);
    plan.settle(&claims);
    let parts = plan.parts.values().map(|part| {
        let made = part.make(&claims, &stats);
        async move {
            let sources = match made {
                Ok(Made::Source(source)) => vec![source],
                Ok(Made::Finder(finder)) => return found(part, finder, compression, until).await,
                Err(error) => {
                    return (vec![Finding::fail(&part.name, format!("{error:#}"), "correct its url")], 1);
                }
            };
            (all(sources, compression, until, part).await, 1)
        }
    });
    let (findings, counts): (Vec<_>, Vec<usize>) = join_all(parts).await.into_iter().unzip();
    (findings.into_iter().flatten().collect(), counts.into_iter().sum())
}

/// The targets of a name or a list with their count, and what is wrong with that itself.
async fn found(
    part: &Part,
    mut finder: Finder,
    compression: Compression,
    until: Instant,
) -> (Vec<Finding>, usize) {
    let name = &part.name;
    let Ok(sources) = timeout_at(until, finder.find()).await else {
        let why = format!("no answer within {LONGEST:?}");
        return (vec![Finding::fail(name, &why, advice::of(&why))], 1);
    };
    let count = sources.len();
    let mut findings: Vec<Finding> =
        finder.failure().map(|why| Finding::fail(name, &why, advice::of(&why))).into_iter().collect();
    if findings.is_empty() && sources.is_empty() {
        let then = "see that whoever keeps it names some: nothing is read until then";
        findings.push(Finding::warn(name, "it has no targets", then));
    }
    findings.extend(all(sources, compression, until, part).await);
    (findings, count)
}

async fn all(
    sources: Vec<Box<dyn Source>>,
    compression: Compression,
    until: Instant,
    part: &Part,
) -> Vec<Finding> {
    let reading = sources.into_iter().map(|source| one(source, compression, until, part));
    let found: Vec<Vec<Finding>> = stream::iter(reading).buffered(AT_ONCE).collect().await;
    found.into_iter().flatten().collect()
}

async fn one(
    mut source: Box<dyn Source>,
    compression: Compression,
    until: Instant,
    part: &Part,
) -> Vec<Finding> {
    // Not every source has another side.
    let advice = |why: &str| match part.kind {
        Kind::Page(_) | Kind::Found(_) => advice::of(why),
        Kind::Textfile(..) => advice::or(why, "correct the file: `promtool check metrics` reads it, too"),
        Kind::Host(..) | Kind::Own => advice::or(why, "look into the agent's log"),
    };
    let read = timeout_at(until, source.collect()).await;
    let name = source.name().to_owned();
    let Ok(snapshot) = read else {
        let why = format!("no answer within {LONGEST:?}");
        return vec![Finding::fail(name, &why, advice(&why))];
    };
    let failure = source.failure();
    if !snapshot.up {
        let why = failure.unwrap_or_else(|| "it cannot be read".to_owned());
        // The name is said already.
        let why = why.strip_prefix(&name).unwrap_or(&why).trim().to_owned();
        return vec![Finding::fail(name, &why, advice(&why))];
    }
    let weight = Weight::of(&snapshot, compression);
    let would = format!(
        "{} families, {} samples, {} bytes of text ({} as sent) to /metrics/{}",
        weight.families, weight.samples, weight.bytes, weight.packed, snapshot.key
    );
    let mut findings = vec![match failure {
        None => Finding::ok(&name, would),
        Some(why) => Finding::warn(&name, format!("{why}; the rest: {would}"), advice(&why)),
    }];
    findings.extend(clashes(&name, &snapshot));
    if let Some((count, first)) = weight.left_out {
        let why = format!(
            "{count} samples, such as {first}, differ from others only in labels of the group, which a gateway overwrites: they are left out"
        );
        findings.push(Finding::warn(&name, why, "scrape each of them as a target of its own"));
    }
    findings
}

/// Labels that the page has and its group has, too.
fn clashes(name: &str, snapshot: &Snapshot) -> Vec<Finding> {
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    let pages = snapshot.written(1);
    for sample in pages.iter().flat_map(|page| page.samples()) {
        for (label, value) in snapshot.key.iter() {
            if sample.label(&format!("{MOVED}{label}")).is_some() {
                *counts.entry((label, true)).or_default() += 1;
            } else if sample.label(label).is_some_and(|own| own != value) {
                *counts.entry((label, false)).or_default() += 1;
            }
        }
    }
    let explained = counts.into_iter().map(|((label, moved), count)| {
        if moved {
            let why = format!(
                "{count} samples have a label {label} of their own, which the group has, too: it becomes {MOVED}{label}"
            );
            let then = format!("ask for {MOVED}{label}, or take the label out of the page or of the group");
            return Finding::warn(name, why, then);
        }
        let why = format!(
            "{count} samples keep a label {label} of their own (honor_labels), which only pulls show: a Pushgateway overwrites it with the group's"
        );
        Finding::warn(name, why, "set honor_labels = false to keep it as exported_… in pushes")
    });
    explained.collect()
}
