//! A gateway to push to.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::config::{ByteSize, Secret, duration, optional_duration};

/// A Pushgateway, or ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Where it is, without `/metrics`.
    #[serde(serialize_with = "super::urls::masked")]
    pub url: String,
    /// PUT replaces a group, POST only the families that it brings.
    #[serde(default)]
    pub method: Method,
    /// Time for one push.
    #[serde(with = "duration", default = "ten_seconds")]
    pub timeout: Duration,
    /// Life of the groups, sent as `?ttl=`, which a real Pushgateway ignores; not set, it follows from the
    /// interval.
    #[serde(with = "optional_duration", default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
    /// What becomes of the groups when the agent ends.
    #[serde(default)]
    pub on_shutdown: OnShutdown,
    /// How long the last values stay: at least one scrape interval of Prometheus.
    #[serde(with = "duration", default = "half_minute")]
    pub linger: Duration,
    /// How bodies are packed.
    #[serde(default)]
    pub compression: Compression,
    /// Pushes a second at the most.
    #[serde(default = "fifty")]
    pub rate: u32,
    /// Bytes of a real Pushgateway's page that a push may read on the average, to find out whether another
    /// agent pushes its group; ours says so by itself.
    #[serde(default = "conflict_read")]
    pub conflict_read: ByteSize,
    /// PEM certificates to trust instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Basic authentication: the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Basic authentication: the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// A file with the password, read at each push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// A bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<Secret>,
    /// A file with the token, read at each push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token_file: Option<PathBuf>,
}

/// How a group is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "HTTP's own words")]
pub enum Method {
    #[default]
    Put,
    Post,
}

/// What becomes of the groups when the agent ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnShutdown {
    /// The last push carries `linger` as its life.
    #[default]
    Expire,
    /// After `linger` the groups are deleted.
    Delete,
    /// They stay.
    Keep,
}

/// How bodies are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Plain text costs about 3.5 times the bytes.
    #[default]
    Gzip,
    /// For gateways older than 1.5.
    None,
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

fn half_minute() -> Duration {
    Duration::from_secs(30)
}

fn fifty() -> u32 {
    50
}

fn conflict_read() -> ByteSize {
    ByteSize(64 << 10)
}

impl Endpoint {
    /// The life of a group, where four intervals are no longer.
    pub const TTL: Duration = Duration::from_mins(1);

    /// A gateway with the defaults.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            method: Method::default(),
            timeout: ten_seconds(),
            ttl: None,
            on_shutdown: OnShutdown::default(),
            linger: half_minute(),
            compression: Compression::default(),
            rate: fifty(),
            conflict_read: conflict_read(),
            ca_file: None,
            username: None,
            password: None,
            password_file: None,
            bearer_token: None,
            bearer_token_file: None,
        }
    }

    /// Its name in logs and metrics.
    pub fn label(&self) -> String {
        super::shown(&self.url).trim_end_matches('/').to_owned()
    }
}
