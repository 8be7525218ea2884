//! How long groups live that nobody pushes: for `pushpull-agent reap`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::config::{duration, optional_duration};

/// Lifetimes since the last push.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReapSettings {
    /// Of groups whose job has none of its own; not set, they stay.
    #[serde(with = "optional_duration", skip_serializing_if = "Option::is_none")]
    pub older_than: Option<Duration>,
    /// By job; patterns with `*`, `?` and `[a-z]`, of which the longest that fits holds.
    pub jobs: BTreeMap<String, Lifetime>,
}

/// A duration such as `5m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lifetime(#[serde(with = "duration")] pub Duration);
