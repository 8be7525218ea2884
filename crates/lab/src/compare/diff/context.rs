//! What explains a change before any code does: other settings, other versions, another machine.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::results::Results;

/// One thing that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `settings.interval`, `versions.prometheus`, `machine.cores`, `skipped.nat`, …
    pub what: String,
    /// In the first file; none where it is not there.
    pub a: Option<String>,
    /// In the second file.
    pub b: Option<String>,
}

pub(super) fn differences(a: &Results, b: &Results) -> Vec<Difference> {
    let (a, b) = (told(a), told(b));
    let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    names
        .into_iter()
        .filter(|name| a.get(*name) != b.get(*name))
        .map(|name| Difference { what: name.clone(), a: a.get(name).cloned(), b: b.get(name).cloned() })
        .collect()
}

/// Everything that is told of a file, by name. The time is not: it always differs.
fn told(results: &Results) -> BTreeMap<String, String> {
    let machine = &results.machine;
    let mut told = BTreeMap::from(
        [
            ("command", results.command.clone()),
            ("seed", results.seed.to_string()),
            ("machine.processor", machine.processor.clone()),
            ("machine.cores", machine.cores.to_string()),
            ("machine.memory_bytes", machine.memory_bytes.to_string()),
            ("machine.kernel", machine.kernel.clone()),
            ("machine.system", machine.system.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    for (kind, values) in [("settings", &results.settings), ("versions", &results.versions)] {
        told.extend(values.iter().map(|(name, value)| (format!("{kind}.{name}"), value.clone())));
    }
    for run in &results.runs {
        if let Some(reason) = &run.skipped {
            told.insert(format!("skipped.{}", run.scenario), reason.clone());
        }
    }
    told
}
