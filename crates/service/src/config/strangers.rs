//! Variables of the environment that begin as settings do and are none: a mistake, as an unknown key is in
//! the file. Whoever writes one underscore for two would otherwise run with defaults and never know.

use super::values::nearest;
use super::{Layers, Place};

/// Parts of a name beyond which it is not tried how they might be joined: each doubles the ways.
const MOST_PARTS: usize = 7;

/// Each of them with what was probably meant. `is_known` is asked whether a name behind the prefix, such as
/// `IDENTITY__JOB`, is a setting's; `beneath` has some that are.
pub(super) fn of(
    layers: &Layers,
    beneath: &toml::Table,
    is_known: impl Fn(&str, &str) -> bool,
) -> Vec<(Place, String)> {
    let prefix = layers.env_prefix;
    if prefix.is_empty() {
        return Vec::new();
    }
    let (ours, hint) = (format!("{prefix}__"), format!("settings are {prefix}__SECTION__KEY"));
    let mut found = Vec::new();
    for (name, value) in &layers.env {
        let Some((head, rest)) = name.split_at_checked(prefix.len()) else { continue };
        let begins = head.eq_ignore_ascii_case(prefix) && rest.starts_with('_');
        if !begins || name.starts_with(&ours) || is_service_link(rest, value) {
            continue;
        }
        let message = match meant(rest, value, beneath, &is_known) {
            Some(meant) => format!("unknown name: did you mean {ours}{meant}?"),
            None => format!("unknown name: {hint}, with two underscores before each part"),
        };
        found.push((Place::Environment(name.clone()), message));
    }
    for name in layers.garbled.iter().filter(|name| name.starts_with(&ours)) {
        found.push((Place::Environment(name.clone()), "expected UTF-8, got other bytes".to_owned()));
    }
    found.sort_by_key(|(place, _)| place.to_string());
    found
}

/// Kubernetes gives each container such variables of each service, and ours may be called as the program is
/// ("Discovering services", `{NAME}_SERVICE_HOST`, `{NAME}_PORT_80_TCP_ADDR`); Docker's links are the same.
fn is_service_link(rest: &str, value: &str) -> bool {
    let parts: Vec<&str> = rest.split('_').collect();
    parts.windows(2).any(|two| two[0] == "SERVICE" && ["HOST", "PORT"].contains(&two[1]))
        || (parts.last() == Some(&"PORT") && value.contains("://"))
        || parts.windows(3).any(|three| {
            three[0] == "PORT"
                && three[1].bytes().all(|byte| byte.is_ascii_digit())
                && ["TCP", "UDP", "SCTP"].contains(&three[2])
        })
}

/// The setting whose name differs only in underscores and case, or else the nearest.
fn meant(
    rest: &str,
    value: &str,
    beneath: &toml::Table,
    is_known: &impl Fn(&str, &str) -> bool,
) -> Option<String> {
    let upper = rest.to_ascii_uppercase();
    let parts: Vec<&str> = upper.split('_').filter(|part| !part.is_empty()).collect();
    if (1..=MOST_PARTS).contains(&parts.len()) {
        let mut ways: Vec<u32> = (0..1 << (parts.len() - 1)).collect();
        // A label may have any name: as few tables as will do.
        ways.sort_by_key(|way| way.count_ones());
        let written = ways.into_iter().map(|way| {
            let mut name = parts[0].to_owned();
            for (at, part) in parts[1..].iter().enumerate() {
                name.push_str(if way >> at & 1 == 1 { "__" } else { "_" });
                name.push_str(part);
            }
            name
        });
        if let Some(known) = written.into_iter().find(|name| is_known(name, value)) {
            return Some(known);
        }
    }
    let bare = |name: &str| name.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    let names = names(beneath);
    let bared: Vec<String> = names.iter().map(|name| bare(name)).collect();
    let near = nearest(&bare(&upper), bared.iter().map(String::as_str))?.to_owned();
    bared.iter().position(|name| *name == near).and_then(|at| names.get(at)).cloned()
}

/// Names of all keys of a table, behind the prefix; of a list its only member's.
fn names(table: &toml::Table) -> Vec<String> {
    let mut all = Vec::new();
    gather(table, "", &mut all);
    all
}

fn gather(table: &toml::Table, before: &str, all: &mut Vec<String>) {
    for (key, value) in table {
        let name = format!("{before}{}", key.to_ascii_uppercase());
        let inner = match value {
            toml::Value::Table(inner) => Some(inner),
            toml::Value::Array(items) => items.first().and_then(toml::Value::as_table),
            _ => None,
        };
        match inner {
            Some(inner) => gather(inner, &format!("{name}__"), all),
            None => all.push(name),
        }
    }
}
