//! The label set of a series.

use super::mode::Kind;
use super::rule::{Found, Rule};

pub(crate) fn judge(kind: Kind, labels: &[(String, String)], found: &mut Found) {
    found.unless(!labels.is_empty(), Rule::NoLabels, || "a series".to_owned());
    let named = labels.iter().any(|(name, _)| name == "__name__");
    found.unless(named || labels.is_empty(), Rule::NoName, || format!("{labels:?}"));
    in_order(labels, found);
    for (name, value) in labels {
        let is_name = name == "__name__";
        found.unless(is_name || !name.starts_with("__"), Rule::ReservedLabel, || format!("{name:?}"));
        // In 2.0 any UTF-8 is right.
        if kind != Kind::V2 && !name.is_empty() {
            found.unless(is_word(name, false), Rule::LabelName, || format!("{name:?}"));
            if is_name && !value.is_empty() {
                found.unless(is_word(value, true), Rule::LabelName, || format!("{name}={value:?}"));
            }
        }
    }
}

/// What holds for the labels of exemplars, too.
pub(crate) fn in_order(labels: &[(String, String)], found: &mut Found) {
    for (name, value) in labels {
        let empty = name.is_empty() || value.is_empty();
        found.unless(!empty, Rule::LabelEmpty, || format!("{name:?}={value:?} in {labels:?}"));
    }
    for pair in labels.windows(2) {
        let (left, right) = (pair[0].0.as_bytes(), pair[1].0.as_bytes());
        found.unless(left <= right, Rule::LabelsUnsorted, || {
            format!("{:?} before {:?}", pair[0].0, pair[1].0)
        });
    }
    let mut names: Vec<&str> = labels.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        found.unless(pair[0] != pair[1], Rule::LabelTwice, || format!("{:?} in {labels:?}", pair[0]));
    }
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`, with colons in the names of metrics.
fn is_word(name: &str, colons: bool) -> bool {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (colons && byte == b':');
    name.bytes().all(may) && !name.as_bytes().first().is_some_and(u8::is_ascii_digit)
}
