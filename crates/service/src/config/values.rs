//! Kinds of values that settings have, and how each is spelt.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// Durations as `15s`, `500ms`, `1m30s`.
pub mod duration {
    use std::time::Duration;

    use super::{Deserialize, Deserializer, Error, Serializer};

    /// For `#[serde(with = "service::config::duration")]`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map_err(|_| {
            D::Error::custom(format!("expected a duration such as \"15s\" or \"500ms\", got \"{text}\""))
        })
    }

    /// For `#[serde(with = "service::config::duration")]`.
    pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*value))
    }
}

/// Durations that need not be given.
pub mod optional_duration {
    use std::time::Duration;

    use super::{Deserializer, Serializer};

    /// For `#[serde(with = "service::config::optional_duration")]`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        super::duration::deserialize(deserializer).map(Some)
    }

    /// For `#[serde(with = "service::config::optional_duration")]`.
    #[allow(clippy::ref_option, reason = "serde calls it with a reference to the field")]
    pub fn serialize<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::duration::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// A number of bytes: `16MiB`, `64 KiB`, `1000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub usize);

const UNITS: [(&str, usize); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl std::str::FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let (digits, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| Some((trimmed.strip_suffix(unit)?.trim_end(), *factor)))
            .unwrap_or((trimmed, 1));
        let number: Option<usize> = digits.parse().ok();
        number
            .and_then(|number| number.checked_mul(factor))
            .map(Self)
            .ok_or_else(|| format!("expected a number of bytes such as \"16MiB\", got \"{text}\""))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binary =
            UNITS[..3].iter().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        match binary {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A list that may be written as its only member: `[push]` for `[[push]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table, or an array of tables")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMany(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany)
            }
        }
        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
}

/// The known name that an unknown one was probably meant to be.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |name: &&str| strsim::jaro_winkler(unknown, name) > 0.8;
    known.into_iter().filter(near).max_by(|left, right| {
        strsim::jaro_winkler(unknown, left).total_cmp(&strsim::jaro_winkler(unknown, right))
    })
}

/// A value from the environment: lists and tables in TOML's own spelling, all else as it stands.
pub(super) fn parsed(value: &str) -> config::Value {
    let structured = value.starts_with(['[', '{']);
    let parsed =
        structured.then(|| toml::from_str::<toml::Table>(&format!("value = {value}")).ok()).flatten();
    match parsed.and_then(|mut table| table.remove("value")) {
        Some(parsed) => converted(parsed),
        None => plain(value),
    }
}

/// A value from the environment as it stands.
pub(super) fn plain(value: &str) -> config::Value {
    config::Value::new(None, value.to_owned())
}

fn converted(value: toml::Value) -> config::Value {
    let kind = match value {
        toml::Value::Integer(number) => config::ValueKind::I64(number),
        toml::Value::Float(number) => config::ValueKind::Float(number),
        toml::Value::Boolean(flag) => config::ValueKind::Boolean(flag),
        toml::Value::Array(items) => config::ValueKind::Array(items.into_iter().map(converted).collect()),
        toml::Value::Table(table) => {
            config::ValueKind::Table(table.into_iter().map(|(key, value)| (key, converted(value))).collect())
        }
        toml::Value::String(text) => config::ValueKind::String(text),
        toml::Value::Datetime(moment) => config::ValueKind::String(moment.to_string()),
    };
    config::Value::new(None, kind)
}
