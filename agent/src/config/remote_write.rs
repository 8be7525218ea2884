//! A receiver of remote write.

mod choices;
mod spool;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::config::{Secret, duration};

use super::RelabelConfig;
use super::transport::{TlsConfig, Transport};
pub use choices::{Dialect, Drain, Ending, Origin, Shards};
pub use spool::{Fsync, Spool};

/// Prometheus, VictoriaMetrics, Mimir, or another that takes remote write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteWrite {
    /// Where it takes writes, with the path: `http://127.0.0.1:9090/api/v1/write`.
    #[serde(serialize_with = "super::urls::masked")]
    pub url: String,
    /// How it is spoken to.
    #[serde(default)]
    pub protocol: Dialect,
    /// Time for one request.
    #[serde(with = "duration", default = "half_minute")]
    pub timeout: Duration,
    /// More headers of each request, such as `X-Scope-OrgID`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// Labels of all samples that do not have a label of that name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_labels: BTreeMap<String, String>,
    /// Rules for all series, after the external labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write_relabel_configs: Vec<RelabelConfig>,
    /// By what the beginning of a counter is known.
    #[serde(default)]
    pub counter_origin: Origin,
    /// What becomes of the series when the agent ends.
    #[serde(default)]
    pub on_shutdown: Ending,
    /// In which order what waited is sent after an outage.
    #[serde(default)]
    pub drain: Drain,
    /// Samples of one request at the most.
    #[serde(default = "samples")]
    pub max_samples_per_send: usize,
    /// How long samples wait for others to go with them.
    #[serde(with = "duration", default = "second")]
    pub batch_deadline: Duration,
    /// The first wait after a failure; doubled with each.
    #[serde(with = "duration", default = "half_second")]
    pub min_backoff: Duration,
    /// The longest wait, unless the receiver asks for more.
    #[serde(with = "duration", default = "five_seconds")]
    pub max_backoff: Duration,
    /// How long a receiver is left alone at the most that asks for it by `Retry-After`.
    #[serde(with = "duration", default = "hour")]
    pub max_retry_after: Duration,
    /// How often help texts are sent again.
    #[serde(with = "duration", default = "five_minutes")]
    pub metadata_interval: Duration,
    /// How many requests may be under way at once.
    #[serde(default)]
    pub shards: Shards,
    /// Where samples wait.
    #[serde(default)]
    pub spool: Spool,
    /// TLS.
    #[serde(default)]
    pub tls_config: TlsConfig,
    /// A proxy: `http`, `https`, `socks5`, or `socks5h`, which also resolves names.
    #[serde(default, serialize_with = "super::urls::masked_if_any", skip_serializing_if = "Option::is_none")]
    pub proxy_url: Option<String>,
    /// What is asked without it: hosts, domains, addresses and networks with commas between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
    /// Whether `HTTPS_PROXY` and its kin hold where there is no `proxy_url`.
    #[serde(default = "super::transport::from_environment")]
    pub proxy_from_environment: bool,
    /// Between two signs of life on a connection that is not used; 0 keeps none.
    #[serde(with = "duration", default = "super::transport::keep_alive")]
    pub keep_alive: Duration,
    /// Basic authentication: the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Basic authentication: the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// A file with the password, read at each request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// A bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<Secret>,
    /// A file with the token, read at each request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token_file: Option<PathBuf>,
}

fn half_minute() -> Duration {
    Duration::from_secs(30)
}

fn second() -> Duration {
    Duration::from_secs(1)
}

fn half_second() -> Duration {
    Duration::from_millis(500)
}

fn five_seconds() -> Duration {
    Duration::from_secs(5)
}

fn hour() -> Duration {
    Duration::from_hours(1)
}

fn five_minutes() -> Duration {
    Duration::from_mins(5)
}

fn samples() -> usize {
    10_000
}

impl RemoteWrite {
    /// Shards there may be at the most: what a record has room for in its tag.
    pub const MOST_SHARDS: u16 = 128;

    /// A receiver with the defaults.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            protocol: Dialect::default(),
            timeout: half_minute(),
            headers: BTreeMap::new(),
            external_labels: BTreeMap::new(),
            write_relabel_configs: Vec::new(),
            counter_origin: Origin::default(),
            on_shutdown: Ending::default(),
            drain: Drain::default(),
            max_samples_per_send: samples(),
            batch_deadline: second(),
            min_backoff: half_second(),
            max_backoff: five_seconds(),
            max_retry_after: hour(),
            metadata_interval: five_minutes(),
            shards: Shards::default(),
            spool: Spool::default(),
            tls_config: TlsConfig::default(),
            proxy_url: None,
            no_proxy: None,
            proxy_from_environment: super::transport::from_environment(),
            keep_alive: super::transport::keep_alive(),
            username: None,
            password: None,
            password_file: None,
            bearer_token: None,
            bearer_token_file: None,
        }
    }

    /// How it is connected to.
    pub fn transport(&self) -> Transport {
        Transport {
            tls: self.tls_config.clone(),
            proxy_url: self.proxy_url.clone(),
            no_proxy: self.no_proxy.clone(),
            proxy_from_environment: self.proxy_from_environment,
            keep_alive: self.keep_alive,
            username: self.username.clone(),
            password: self.password.clone(),
            password_file: self.password_file.clone(),
            bearer_token: self.bearer_token.clone(),
            bearer_token_file: self.bearer_token_file.clone(),
        }
    }

    /// Its name in logs and metrics.
    pub fn label(&self) -> String {
        super::shown(&self.url).trim_end_matches('/').to_owned()
    }
}
