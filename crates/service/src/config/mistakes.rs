//! All that is wrong with the settings, each with its place.

use std::fmt;

use super::places::{Place, Places};
use super::values::nearest;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands.
    pub place: String,
    /// The key, empty where it is the file itself.
    pub key: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

/// Everything that is wrong, one line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// Adds one.
    pub fn add(&mut self, place: &Place, key: &str, message: impl Into<String>) {
        self.0.push(Mistake { place: place.to_string(), key: key.to_owned(), message: message.into() });
    }

    /// Adds what a check found in settings that some were left out of.
    pub(super) fn extend(&mut self, found: Self, places: &Places) {
        let found = found.0.into_iter().map(|found| Mistake { key: places.original(&found.key), ..found });
        self.0.extend(found.filter(|found| !places.misled(&found.key, &found.message)));
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An error if anything is wrong.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Mistake { place, key, message }) in self.0.iter().enumerate() {
            let break_ = if at > 0 { "\n" } else { "" };
            let key = if key.is_empty() || message.starts_with("unknown key") {
                String::new()
            } else {
                format!("{key}: ")
            };
            write!(f, "{break_}{place}: {key}{message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// serde's words in ours: an unknown key gets the nearest known one.
pub(super) fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown field") {
        return message.trim().to_owned();
    }
    let unknown = quoted.next().unwrap_or_default();
    let known: Vec<&str> = match message.split_once("expected") {
        Some((_, list)) => {
            list.split(" for key").next().unwrap_or(list).split('`').skip(1).step_by(2).collect()
        }
        None => Vec::new(),
    };
    match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("unknown key `{unknown}`: did you mean `{near}`?"),
        None => format!("unknown key `{unknown}`: expected one of {}", known.join(", ")),
    }
}
