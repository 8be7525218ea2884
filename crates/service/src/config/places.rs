//! Where a setting was set.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

/// The place of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nobody set it.
    Default,
    /// A line of the file; line 0 is the file as a whole.
    File {
        /// The file's name as given.
        name: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
    /// All layers together.
    Whole,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line: 0, .. } => f.write_str(name),
            Self::File { name, line, column } => write!(f, "{name}:{line}:{column}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Whole => f.write_str("settings"),
        }
    }
}

/// The places of all settings that somebody set.
#[derive(Debug, Clone, Default)]
pub struct Places {
    set: BTreeMap<String, Place>,
    /// Keys whose values could not be read, and were left out.
    wrong: BTreeSet<String>,
    /// Items of lists among them, which the lists no longer have.
    gaps: BTreeSet<String>,
}

impl Places {
    /// The place of a key such as `scrape[0].timeout`; a single table may be meant by `[0]`, too.
    pub fn of(&self, key: &str) -> Place {
        let key = self.original(key);
        let found = self.set.get(&key).or_else(|| self.set.get(&key.replacen("[0]", "", 1)));
        found.cloned().unwrap_or(Place::Default)
    }

    pub(super) fn set(&mut self, key: &str, place: Place) {
        self.set.insert(key.to_owned(), place);
    }

    pub(super) fn wrong(&mut self, key: &str) {
        self.wrong.insert(key.to_owned());
    }

    pub(super) fn left_out(&mut self, key: &str) {
        self.wrong(key);
        self.gaps.insert(key.to_owned());
    }

    /// The key as it was before items of lists were left out, which moved those behind them.
    pub(super) fn original(&self, key: &str) -> String {
        // Nearly always; the way below looks at all items before one.
        if self.gaps.is_empty() {
            return key.to_owned();
        }
        let mut parts = key.split('[');
        let mut found = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (index, rest) = part.split_once(']').unwrap_or((part, ""));
            let mut index: usize = index.parse().unwrap_or(0);
            let mut at = 0;
            while at <= index {
                index += usize::from(self.gaps.contains(&format!("{found}[{at}]")));
                at += 1;
            }
            found.push_str(&format!("[{index}]{rest}"));
        }
        found
    }

    /// Whether something that was said of a key is only so because of what was left out.
    pub(super) fn misled(&self, key: &str, message: &str) -> bool {
        self.wrong.iter().any(|wrong| {
            let within = key.strip_prefix(wrong.as_str());
            within.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                || self.set.get(wrong).is_some_and(|place| message.contains(&format!("{place})")))
        })
    }

    /// The settings as TOML, each with its place as a comment.
    ///
    /// Secrets hide themselves: [`super::Secret`] serializes as stars.
    pub fn describe<T: Serialize>(&self, settings: &T) -> Result<String, toml::ser::Error> {
        let mut out = String::new();
        let table = toml::Table::try_from(settings)?;
        self.write_table(&table, "", "", &mut out);
        Ok(out.trim_start().to_owned())
    }

    fn write_table(&self, table: &toml::Table, header: &str, key: &str, out: &mut String) {
        let path = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
        let is_tables = |value: &toml::Value| {
            value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(toml::Value::is_table))
        };
        for (name, value) in table.iter().filter(|(_, value)| !value.is_table() && !is_tables(value)) {
            let place = self.of(&path(name));
            out.push_str(&format!("{:<36} # {place}\n", format!("{name} = {value}")));
        }
        for (name, value) in table {
            let header = if header.is_empty() { name.clone() } else { format!("{header}.{name}") };
            match value {
                toml::Value::Table(inner) => {
                    out.push_str(&format!("\n[{header}]\n"));
                    self.write_table(inner, &header, &path(name), out);
                }
                toml::Value::Array(items) if is_tables(value) => {
                    for (index, item) in items.iter().enumerate() {
                        out.push_str(&format!("\n[[{header}]]\n"));
                        if let toml::Value::Table(inner) = item {
                            self.write_table(inner, &header, &format!("{}[{index}]", path(name)), out);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
