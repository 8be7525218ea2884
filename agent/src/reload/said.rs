//! What a reload changed, a line each, for its log and its answer.

use humantime::format_duration;

use crate::config::{Endpoint, RemoteWrite};
use crate::pipeline::Times;
use crate::plan::{Difference, Part};

pub(super) fn times(before: Times, next: Times) -> String {
    let pairs = [("interval", before.interval, next.interval), ("shutdown.grace", before.grace, next.grace)];
    let changed = pairs.iter().filter(|(_, old, new)| old != new);
    changed
        .map(|(name, old, new)| {
            format!("{name}: {}, it was {}\n", format_duration(*new), format_duration(*old))
        })
        .collect()
}

pub(super) fn sources(parts: &Difference<'_, Part>) -> String {
    lines("source", parts, |part| format!("{} as /metrics/{}", part.name, part.key))
}

pub(super) fn endpoints(endpoints: &Difference<'_, Endpoint>) -> String {
    lines("endpoint", endpoints, Endpoint::label)
}

pub(super) fn receivers(receivers: &Difference<'_, RemoteWrite>) -> String {
    let Difference { gone, changed, new, kept } = receivers;
    if gone.len() + changed.len() + new.len() + kept == 0 {
        return String::new();
    }
    let mut said = lines("receiver", receivers, RemoteWrite::label);
    for (old, new) in changed.iter().filter(|(old, new)| old.spool != new.spool) {
        let (old, label) = (old.spool.dir.as_deref(), new.label());
        let place = old.map_or("memory".to_owned(), |dir| dir.display().to_string());
        said.push_str(&format!(
            "spool of {label}: other bounds need a restart, it stays in {place} as it is\n"
        ));
    }
    said
}

fn lines<V>(what: &str, difference: &Difference<'_, V>, shown: impl Fn(&V) -> String) -> String {
    let Difference { gone, changed, new, kept } = difference;
    let mut said = format!("{what}s that go on as before: {kept}\n");
    let rows = gone.iter().map(|gone| ("gone", *gone));
    let rows = rows.chain(changed.iter().map(|(_, changed)| ("changed", *changed)));
    for (how, which) in rows.chain(new.iter().map(|new| ("new", *new))) {
        said.push_str(&format!("{how} {what}: {}\n", shown(which)));
    }
    said
}
