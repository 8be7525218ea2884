//! What may be chosen of how a receiver is written to.

use serde::{Deserialize, Serialize};

/// How a receiver is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Dialect {
    /// 2.0 where it is taken, else what the receiver takes.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// Remote write 2.0.
    #[serde(rename = "2.0")]
    V2,
    /// Remote write 1.0.
    #[serde(rename = "1.0")]
    V1,
    /// 1.0 in zstd, which VictoriaMetrics takes.
    #[serde(rename = "zstd")]
    Zstd,
}

/// By what the beginning of a counter is known, which is sent with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// By `_created`, else by the start of its process, where that is younger than the last look at it.
    #[default]
    Process,
    /// By OpenMetrics' `_created` alone.
    Created,
    /// By nothing.
    Off,
}

/// What becomes of the series when the agent ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// A staleness marker ends each: for whoever ends for good.
    Stale,
    /// They end as if the agent were still there: for whoever comes back soon.
    #[default]
    Keep,
}

/// In which order what waited is sent after an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drain {
    /// The oldest first: every receiver takes that.
    #[default]
    InOrder,
    /// What comes in first, then what waited: for receivers that take samples out of order.
    NewestFirst,
}

/// How many requests may be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shards {
    /// At the start, and where there is little to do.
    pub min: u16,
    /// Where the receiver is slower than what comes.
    pub max: u16,
}

impl Default for Shards {
    fn default() -> Self {
        Self { min: 1, max: 8 }
    }
}
