//! One rule: what it needs, and what it does.

use exposition::name::is_label_name;
use md5::{Digest, Md5};
use regex::Regex;

use super::{LabelSet, pattern};
use crate::config::{Action, RelabelConfig};

const SEPARATOR: &str = ";";
const REGEX: &str = "(.*)";
const REPLACEMENT: &str = "$1";

/// What is wrong with a rule: the setting, and why.
pub(crate) type Wrong = (&'static str, String);

#[derive(Debug)]
pub(super) struct Rule {
    action: Action,
    source_labels: Vec<String>,
    separator: String,
    regex: Regex,
    modulus: u64,
    target_label: String,
    /// The target label as a template.
    target: String,
    replacement: String,
}

impl Rule {
    pub(super) fn new(config: &RelabelConfig) -> Result<Self, Wrong> {
        check(config)?;
        let or = |set: &Option<String>, default: &str| set.as_deref().unwrap_or(default).to_owned();
        let regex =
            pattern::compile(config.regex.as_deref().unwrap_or(REGEX)).map_err(|why| ("regex", why))?;
        let target_label = or(&config.target_label, "");
        Ok(Self {
            action: config.action,
            source_labels: config.source_labels.clone(),
            separator: or(&config.separator, SEPARATOR),
            regex,
            modulus: config.modulus.unwrap_or(1),
            target: pattern::template(&target_label),
            target_label,
            replacement: pattern::template(config.replacement.as_deref().unwrap_or(REPLACEMENT)),
        })
    }

    /// Whether the series stays.
    pub(super) fn apply(&self, labels: &mut LabelSet) -> bool {
        let of = |name: &String| labels.get(name).map_or("", String::as_str);
        let value = self.source_labels.iter().map(of).collect::<Vec<_>>().join(&self.separator);
        match self.action {
            Action::Keep => return self.regex.is_match(&value),
            Action::Drop => return !self.regex.is_match(&value),
            Action::KeepEqual => return of(&self.target_label) == value,
            Action::DropEqual => return of(&self.target_label) != value,
            Action::Replace => self.replace(&value, labels),
            Action::Lowercase => set(labels, &self.target_label, value.chars().map(lower).collect()),
            Action::Uppercase => set(labels, &self.target_label, value.chars().map(upper).collect()),
            Action::HashMod => {
                let hash = Md5::digest(value.as_bytes());
                let last = hash.iter().skip(8).fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
                set(labels, &self.target_label, (last % self.modulus).to_string());
            }
            Action::LabelMap => {
                for (name, value) in labels.clone() {
                    if let Some(found) = self.regex.captures(&name) {
                        set(labels, &pattern::expand(&self.replacement, &found), value);
                    }
                }
            }
            Action::LabelDrop => labels.retain(|name, _| !self.regex.is_match(name)),
            Action::LabelKeep => labels.retain(|name, _| self.regex.is_match(name)),
        }
        true
    }

    fn replace(&self, value: &str, labels: &mut LabelSet) {
        let Some(found) = self.regex.captures(value) else { return };
        let target = pattern::expand(&self.target, &found);
        if is_label_name(&target) {
            set(labels, &target, pattern::expand(&self.replacement, &found).into_owned());
        }
    }
}

/// An empty label is none.
fn set(labels: &mut LabelSet, name: &str, value: String) {
    if value.is_empty() {
        labels.remove(name);
    } else {
        labels.insert(name.to_owned(), value);
    }
}

/// One character for one, as Go does it: `ß` has no upper case, and a final sigma is like any other.
fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    upper.next().filter(|_| upper.next().is_none()).unwrap_or(c)
}

/// What Prometheus refuses, we do.
fn check(config: &RelabelConfig) -> Result<(), Wrong> {
    use Action::{
        DropEqual, HashMod, KeepEqual, LabelDrop, LabelKeep, LabelMap, Lowercase, Replace, Uppercase,
    };
    let action = config.action;
    let target = config.target_label.as_deref().unwrap_or_default();
    if let Some(name) = config.source_labels.iter().find(|name| !is_label_name(name)) {
        return Err(("source_labels", format!("expected label names, got \"{name}\"")));
    }
    let needs_target = matches!(action, Replace | HashMod | Lowercase | Uppercase | KeepEqual | DropEqual);
    if needs_target && target.is_empty() {
        return Err(("target_label", "missing: the label that this action works on".to_owned()));
    }
    let is_template = action == Replace && target.contains('$');
    if needs_target && !(if is_template { is_target(target) } else { is_label_name(target) }) {
        return Err(("target_label", format!("expected a label name, got \"{target}\"")));
    }
    if action == HashMod && config.modulus.unwrap_or(0) == 0 {
        return Err(("modulus", "expected a whole number from 1 for hashmod".to_owned()));
    }
    let replacement = config.replacement.as_deref().unwrap_or(REPLACEMENT);
    if action == LabelMap && !is_target(replacement) {
        return Err((
            "replacement",
            format!("expected a label name or such as \"$1\", got \"{replacement}\""),
        ));
    }
    let is_default = |set: &Option<String>, default: &str| set.as_deref().is_none_or(|set| set == default);
    let equal = matches!(action, KeepEqual | DropEqual);
    let only_regex = matches!(action, LabelDrop | LabelKeep);
    for (name, is_set, is_refused) in [
        ("source_labels", !config.source_labels.is_empty(), only_regex),
        ("target_label", !target.is_empty(), only_regex),
        ("modulus", config.modulus.unwrap_or(0) != 0, only_regex || equal),
        ("separator", !is_default(&config.separator, SEPARATOR), only_regex || equal),
        ("regex", !is_default(&config.regex, REGEX), equal),
        (
            "replacement",
            replacement != REPLACEMENT,
            only_regex || equal || matches!(action, Lowercase | Uppercase),
        ),
    ] {
        if is_set && is_refused {
            let takes = if only_regex { "only regex" } else { "only source_labels and target_label" };
            let takes = if only_regex || equal { takes } else { "no replacement" };
            return Err((name, format!("set beside an action that takes {takes}")));
        }
    }
    Ok(())
}

/// A label name in which references to groups may stand.
fn is_target(template: &str) -> bool {
    // The expression is Prometheus' own, and constant.
    let word = "[0-9A-Za-z_]";
    let target = format!(r"^(?:(?:[a-zA-Z_]|\$(?:\{{{word}+\}}|{word}+))+{word}*)+$");
    Regex::new(&target).is_ok_and(|target| target.is_match(template))
}
