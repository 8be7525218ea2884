//! What a reload changed, a line each, for its log and its answer.

use crate::config::Endpoint;
use crate::plan::{Difference, Part};

pub(super) fn sources(parts: &Difference<'_, Part>) -> String {
    lines("source", parts, |part| format!("{} as /metrics/{}", part.name, part.key))
}

pub(super) fn endpoints(endpoints: &Difference<'_, Endpoint>) -> String {
    lines("endpoint", endpoints, Endpoint::label)
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
