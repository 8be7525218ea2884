//! Where samples wait for their receiver.

use std::path::PathBuf;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use service::config::{ByteSize, duration};

use crate::spool::{SpoolSettings, SyncPolicy};

/// The bounds of a spool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spool {
    /// Where it is kept, made if need be; without one samples wait in memory, and end with the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
    /// Bytes that it takes at the most; the oldest goes first.
    pub max_bytes: ByteSize,
    /// What is older goes.
    #[serde(with = "duration")]
    pub max_age: Duration,
    /// When what is written is forced onto the disk.
    pub fsync: Fsync,
}

impl Default for Spool {
    fn default() -> Self {
        let SpoolSettings { max_bytes, max_age, .. } = SpoolSettings::default();
        let max_bytes = ByteSize(usize::try_from(max_bytes).unwrap_or(usize::MAX));
        Self { dir: None, max_bytes, max_age, fsync: Fsync::default() }
    }
}

impl Spool {
    /// As the spool takes them.
    pub fn settings(&self) -> SpoolSettings {
        let sync = match self.fsync {
            Fsync::Always => SyncPolicy::Always,
            Fsync::Never => SyncPolicy::Never,
            Fsync::Every(every) => SyncPolicy::Interval(every),
        };
        SpoolSettings {
            dir: self.dir.clone(),
            max_bytes: self.max_bytes.0 as u64,
            max_age: self.max_age,
            sync,
            ..SpoolSettings::default()
        }
    }
}

/// When what is written is forced onto the disk: `always`, `never`, or a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// Before anything else is done.
    Always,
    /// When the kernel likes.
    Never,
    /// After so long.
    Every(Duration),
}

impl Default for Fsync {
    fn default() -> Self {
        Self::Every(Duration::from_secs(1))
    }
}

impl Serialize for Fsync {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Always => serializer.serialize_str("always"),
            Self::Never => serializer.serialize_str("never"),
            Self::Every(every) => duration::serialize(every, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Fsync {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => humantime::parse_duration(&text).map(Self::Every).map_err(|_| {
                D::Error::custom(format!(
                    "expected always, never, or a duration such as \"1s\", got \"{text}\""
                ))
            }),
        }
    }
}
