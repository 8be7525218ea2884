//! Variables of the environment and flags, as the keys that they set.

use super::{Layers, Place};

/// Environment and flags as keys and values, weakest first.
///
/// A list may be meant by its only member: `PUSH__URL` stands for `PUSH__0__URL` where `push` is a
/// list in the layers beneath, and the other way round where it is a table.
pub(super) fn of(layers: &Layers, beneath: &[&str]) -> Vec<(Place, String, String)> {
    let mut tables = toml::Table::new();
    for layer in beneath {
        tables.extend(toml::from_str::<toml::Table>(layer).unwrap_or_default());
    }
    let meant = |key: String| {
        let first = key.split(['.', '[']).next().unwrap_or_default();
        match (tables.get(first), &key[first.len()..]) {
            (Some(toml::Value::Array(_)), rest) if rest.starts_with('.') => format!("{first}[0]{rest}"),
            (Some(toml::Value::Table(_)), rest) if rest.starts_with("[0]") => {
                format!("{first}{}", &rest[3..])
            }
            _ => key,
        }
    };
    let prefix = format!("{}__", layers.env_prefix);
    let mut found: Vec<_> = layers
        .env
        .iter()
        .filter_map(|(name, value)| {
            let key = meant(key_of(name.strip_prefix(&prefix)?));
            Some((Place::Environment(name.clone()), key, value.clone()))
        })
        .collect();
    found.sort_by(|left, right| left.1.cmp(&right.1));
    found.extend(
        layers.flags.iter().map(|flag| (Place::Flag(flag.flag), flag.key.clone(), flag.value.clone())),
    );
    found
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
