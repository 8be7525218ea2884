//! Variables of the environment and flags, as the keys that they set.

use super::{Layers, Place};

/// Environment and flags as keys and values, weakest first.
pub(super) fn of(layers: &Layers, beneath: &toml::Table) -> Vec<(Place, String, String)> {
    let prefix = format!("{}__", layers.env_prefix);
    let ours = layers.env.iter().filter_map(|(name, value)| Some((name, name.strip_prefix(&prefix)?, value)));
    let mut found: Vec<_> = ours
        .map(|(name, rest, value)| (Place::Environment(name.clone()), key(rest, beneath), value.clone()))
        .collect();
    found.sort_by(|left, right| left.1.cmp(&right.1));
    found.extend(
        layers.flags.iter().map(|flag| (Place::Flag(flag.flag), flag.key.clone(), flag.value.clone())),
    );
    found
}

/// The key that a variable behind its prefix sets.
///
/// A list may be meant by its only member: `PUSH__URL` stands for `PUSH__0__URL` where `push` is a
/// list in the layers beneath, and the other way round where it is a table.
pub(super) fn key(variable: &str, beneath: &toml::Table) -> String {
    let key = key_of(variable);
    let first = key.split(['.', '[']).next().unwrap_or_default();
    match (beneath.get(first), &key[first.len()..]) {
        (Some(toml::Value::Array(_)), rest) if rest.starts_with('.') => format!("{first}[0]{rest}"),
        (Some(toml::Value::Table(_)), rest) if rest.starts_with("[0]") => format!("{first}{}", &rest[3..]),
        _ => key,
    }
}

/// Whether an error says that no setting has this key, rather than that its value is wrong.
pub(super) fn is_stray(error: &str) -> bool {
    error.starts_with("unknown field") || error.starts_with("invalid type: map")
}

/// Items that a list may have by way of the environment: all before one that is named are made.
pub(super) const MOST_ITEMS: usize = 1_000;

/// An index in the key that no list should have.
pub(super) fn far_index(key: &str) -> Option<&str> {
    let indexes = key.split('[').skip(1).filter_map(|part| part.split(']').next());
    indexes.into_iter().find(|index| index.parse::<usize>().map_or(true, |index| index >= MOST_ITEMS))
}

/// `SCRAPE__0__URL` becomes `scrape[0].url`.
fn key_of(variable: &str) -> String {
    let mut key = String::new();
    for segment in variable.split("__") {
        if segment.bytes().all(|byte| byte.is_ascii_digit()) && !segment.is_empty() {
            key.push_str(&format!("[{segment}]"));
        } else {
            if !key.is_empty() {
                key.push('.');
            }
            key.push_str(&segment.to_lowercase());
        }
    }
    key
}
