//! A page to scrape.

use std::path::PathBuf;
use std::time::Duration;

use exposition::Limits;
use serde::{Deserialize, Serialize};
use service::config::{ByteSize, optional_duration};

/// A page to scrape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Where it is.
    #[serde(serialize_with = "super::urls::masked")]
    pub url: String,
    /// Time for the whole scrape, never more than the interval; not set, it follows from that.
    #[serde(with = "optional_duration", default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How the URL's host becomes targets.
    #[serde(default)]
    pub discovery: Discovery,
    /// Whether the page's own `job` and `instance` labels win.
    #[serde(default)]
    pub honor_labels: bool,
    /// Its job, where it is not the agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Its instance, where it is not the agent's (with several targets: host:port of the URL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// A page that the app writes on its way out: it takes the place of a page that cannot be scraped any
    /// more, if it is newer than the last one that could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_file: Option<PathBuf>,
    /// Bounds; one that is broken fails the whole scrape.
    #[serde(default)]
    pub limits: TargetLimits,
}

/// How the URL's host becomes targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Discovery {
    /// It is one target.
    #[default]
    None,
    /// Each address of its name is a target, asked for again at every interval.
    Dns,
}

/// Bounds of a scraped page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetLimits {
    /// Bytes, after decompression.
    pub body: ByteSize,
    /// Samples.
    pub samples: usize,
    /// Labels of one series.
    pub labels: usize,
    /// Bytes of a metric or label name.
    pub name: ByteSize,
    /// Bytes of a label value.
    pub label_value: ByteSize,
}

impl Default for TargetLimits {
    fn default() -> Self {
        Self {
            body: ByteSize(16 << 20),
            samples: 100_000,
            labels: 64,
            name: ByteSize(512),
            label_value: ByteSize(2 << 10),
        }
    }
}

impl Target {
    /// The time for a scrape, where the interval is no shorter.
    pub const TIMEOUT: Duration = Duration::from_secs(10);

    /// A target with the defaults.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            timeout: None,
            discovery: Discovery::None,
            honor_labels: false,
            job: None,
            instance: None,
            exit_file: None,
            limits: TargetLimits::default(),
        }
    }

    /// The time for the whole scrape.
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(Self::TIMEOUT)
    }
}

impl TargetLimits {
    /// As the parser takes them.
    pub fn page(&self) -> Limits {
        Limits {
            body: self.body.0,
            samples: self.samples,
            series_labels: self.labels,
            name: self.name.0,
            label_name: self.name.0,
            label_value: self.label_value.0,
        }
    }
}
