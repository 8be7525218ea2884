//! Exemplars that are new: one stays on its page until another observation takes its place.

use exposition::Sample;
use exposition::remote_write::{bits, encode_labels};

/// An exemplar that is to be sent.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) labels: Vec<u8>,
    pub(super) bits: u64,
    pub(super) timestamp_ms: Option<i64>,
}

/// The exemplar of a sample, unless it was there at the reading before. One whose labels cannot be sent is
/// left out, as its sample is what matters.
pub(super) fn new(sample: &Sample<'_>, before: Option<&Sample<'_>>) -> Option<Owned> {
    let now = read(sample)?;
    let known = before.and_then(read);
    let is_known = known.is_some_and(|known| {
        (known.bits, known.timestamp_ms, &known.labels) == (now.bits, now.timestamp_ms, &now.labels)
    });
    (!is_known).then_some(now)
}

fn read(sample: &Sample<'_>) -> Option<Owned> {
    let exemplar = sample.exemplar()?;
    let labels: Vec<_> = exemplar.labels.clone().collect();
    let labels = encode_labels(labels.iter().map(|label| (label.name, label.value.as_ref()))).ok()?;
    Some(Owned { labels, bits: bits(exemplar.value), timestamp_ms: exemplar.timestamp_ms })
}
