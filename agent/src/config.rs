//! Settings of the agent, with their defaults. `agent.toml` beside the sources shows each of them.

mod check;
mod urls;

pub use check::check;
pub use urls::shown;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use exposition::Limits;
use serde::{Deserialize, Serialize};
use service::config::{ByteSize, OneOrMany, Secret, duration, optional_duration};
use service::logs::LogSettings;

/// All settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How often sources are read and gateways pushed to.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// Under which names things are sent.
    pub identity: IdentitySettings,
    /// Pages to scrape.
    pub scrape: OneOrMany<Target>,
    /// The host's metrics.
    pub host: HostSettings,
    /// Gateways to push to.
    pub push: OneOrMany<Endpoint>,
    /// The fallback for pulls.
    pub pull: PullSettings,
    /// How stopping goes.
    pub shutdown: Shutdown,
    /// Logging.
    pub log: LogSettings,
}

/// What becomes the grouping key. Templates: `{hostname}`, `{pid}`, `{boot_id}`, `{env:NAME}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentitySettings {
    /// The job of scraped pages.
    pub job: String,
    /// The instance of all groups.
    pub instance: String,
    /// More labels of all groups.
    pub labels: BTreeMap<String, String>,
}

/// A page to scrape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Where it is.
    #[serde(serialize_with = "urls::masked")]
    pub url: String,
    /// Time for the whole scrape; never more than the interval.
    #[serde(with = "duration", default = "ten_seconds")]
    pub timeout: Duration,
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

/// The host's metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostSettings {
    /// Whether they are read.
    pub enabled: bool,
    /// Which of them.
    pub collectors: Vec<String>,
    /// Where the host's /proc is; in a container /host/proc.
    pub procfs: PathBuf,
    /// Where the host's /sys is; in a container /host/sys.
    pub sysfs: PathBuf,
    /// Where the host's / is; in a container /host/root.
    pub rootfs: PathBuf,
}

/// A Pushgateway, or ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Where it is, without `/metrics`.
    #[serde(serialize_with = "urls::masked")]
    pub url: String,
    /// PUT replaces a group, POST only the families that it brings.
    #[serde(default)]
    pub method: Method,
    /// Time for one push.
    #[serde(with = "duration", default = "ten_seconds")]
    pub timeout: Duration,
    /// Life of the groups, sent as `?ttl=`; a real Pushgateway ignores it.
    #[serde(with = "optional_duration", default = "minute", skip_serializing_if = "Option::is_none")]
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

/// The fallback for pulls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PullSettings {
    /// Where it answers.
    pub listen: SocketAddr,
}

/// Stopping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    /// Time for the last collection, the last pushes, and what `on_shutdown` asks for.
    #[serde(with = "duration")]
    pub grace: Duration,
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

fn half_minute() -> Duration {
    Duration::from_secs(30)
}

#[allow(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
fn minute() -> Option<Duration> {
    Some(Duration::from_mins(1))
}

fn fifty() -> u32 {
    50
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(15),
            identity: IdentitySettings::default(),
            scrape: OneOrMany(vec![Target::at("http://127.0.0.1:8000/metrics")]),
            host: HostSettings::default(),
            push: OneOrMany(vec![Endpoint::at("http://127.0.0.1:9091")]),
            pull: PullSettings::default(),
            shutdown: Shutdown::default(),
            log: LogSettings::default(),
        }
    }
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self { job: "api".to_owned(), instance: "{hostname}".to_owned(), labels: BTreeMap::new() }
    }
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

impl Default for HostSettings {
    fn default() -> Self {
        let collectors =
            crate::sources::host::COLLECTORS.iter().map(|(name, _)| (*name).to_owned()).collect();
        Self { enabled: true, collectors, procfs: "/proc".into(), sysfs: "/sys".into(), rootfs: "/".into() }
    }
}

impl Default for PullSettings {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9102)) }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { grace: Duration::from_secs(10) }
    }
}

impl Target {
    /// A target with the defaults.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            timeout: ten_seconds(),
            discovery: Discovery::None,
            honor_labels: false,
            job: None,
            instance: None,
            limits: TargetLimits::default(),
        }
    }
}

impl Endpoint {
    /// A gateway with the defaults.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            method: Method::default(),
            timeout: ten_seconds(),
            ttl: minute(),
            on_shutdown: OnShutdown::default(),
            linger: half_minute(),
            compression: Compression::default(),
            rate: fifty(),
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
        shown(&self.url).trim_end_matches('/').to_owned()
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
