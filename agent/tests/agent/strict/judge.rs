//! One request by itself.

use super::head::Head;
use super::mode::Kind;
use super::rule::{Found, Rule};
use super::series::Message;
use super::{labels, points, unpack, v1, v2, wire};

/// What the request says, and what it breaks.
pub(crate) fn judge(head: &Head, body: &[u8]) -> (Message, Found) {
    let (mut found, kind) = (Found::default(), head.kind());
    head.judge(&mut found);
    let Some(bytes) = unpack::unpack(kind, body, &mut found) else {
        return (Message::default(), found);
    };
    wire::judge(kind, &bytes, &mut found);
    let before = found.0.len();
    let message = match kind {
        Kind::V2 => v2::read(&bytes, &mut found),
        Kind::V1 | Kind::Zstd => v1::read(&bytes, &mut found),
    };
    // An unreadable message is empty for another reason.
    let readable = !found.0[before..].iter().any(|(rule, _)| *rule == Rule::Unreadable);
    let empty = message.series.is_empty() && message.families.is_empty();
    found.unless(!empty || !readable, Rule::Empty, || format!("{} bytes", bytes.len()));
    for series in &message.series {
        labels::judge(kind, &series.labels, &mut found);
        points::judge(series, &mut found);
    }
    for family in &message.families {
        let known = (0..=7).contains(&family.kind) && !family.metric_family_name.is_empty();
        found.unless(known, Rule::MetadataType, || format!("{family:?}"));
    }
    (message, found)
}
