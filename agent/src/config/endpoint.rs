//! A gateway to push to.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::config::{ByteSize, Secret, duration};

use super::transport::{TlsConfig, Transport};

/// A Pushgateway, or ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Where it is, without `/metrics`.
    #[serde(default, serialize_with = "super::urls::masked", skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// In its place several gateways: the first that works is pushed to.
    #[serde(default, serialize_with = "super::urls::all_masked", skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// How long another than the first is pushed to before the first is tried again.
    #[serde(with = "duration", default = "minute")]
    pub failback: Duration,
    /// PUT replaces a group, POST only the families that it brings.
    #[serde(default)]
    pub method: Method,
    /// Time for one push.
    #[serde(with = "duration", default = "ten_seconds")]
    pub timeout: Duration,
    /// Life of the groups, sent as `?ttl=`, which a real Pushgateway ignores; not set, it follows from the
    /// interval.
    #[serde(with = "life", default, skip_serializing_if = "Option::is_none")]
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
    /// Bytes of a real Pushgateway's page, as they come over the wire, that a push may read on the average, to find
    /// out whether another agent pushes its group; ours says so by itself.
    #[serde(default = "conflict_read")]
    pub conflict_read: ByteSize,
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
    /// The same as `tls_config.ca_file`.
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

fn minute() -> Duration {
    Duration::from_mins(1)
}

fn fifty() -> u32 {
    50
}

fn conflict_read() -> ByteSize {
    ByteSize(1 << 10)
}

impl Endpoint {
    /// The life of a group, where four intervals are no longer.
    pub const TTL: Duration = Duration::from_mins(1);

    /// A gateway with the defaults.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            urls: Vec::new(),
            failback: minute(),
            method: Method::default(),
            timeout: ten_seconds(),
            ttl: None,
            on_shutdown: OnShutdown::default(),
            linger: half_minute(),
            compression: Compression::default(),
            rate: fifty(),
            conflict_read: conflict_read(),
            tls_config: TlsConfig::default(),
            proxy_url: None,
            no_proxy: None,
            proxy_from_environment: super::transport::from_environment(),
            keep_alive: super::transport::keep_alive(),
            ca_file: None,
            username: None,
            password: None,
            password_file: None,
            bearer_token: None,
            bearer_token_file: None,
        }
    }

    /// Its gateways, the one that is meant first.
    pub fn gateways(&self) -> &[String] {
        if self.urls.is_empty() { std::slice::from_ref(&self.url) } else { &self.urls }
    }

    /// Each of its gateways as an endpoint of its own.
    pub fn apart(&self) -> impl Iterator<Item = Self> + '_ {
        let alone = |url: &String| Self { url: url.clone(), urls: Vec::new(), ..self.clone() };
        self.gateways().iter().map(alone)
    }

    /// How it is connected to.
    pub fn transport(&self) -> Transport {
        Transport {
            tls: TlsConfig {
                ca_file: self.ca_file.clone().or_else(|| self.tls_config.ca_file.clone()),
                ..self.tls_config.clone()
            },
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
        let first = self.gateways().first().map_or("", String::as_str);
        super::shown(first).trim_end_matches('/').to_owned()
    }
}

/// The life of groups, as gateways take it, but for one that is not meant to end.
mod life {
    use std::time::Duration;

    use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer};
    pub(super) use service::config::optional_duration::serialize;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "never" {
            let most =
                "the longest is \"1year\"; a real Pushgateway ends no group by itself, whatever stands here";
            return Err(D::Error::custom(format!(
                "expected a duration such as \"1m\", got \"never\": {most}"
            )));
        }
        service::config::optional_duration::deserialize(text.into_deserializer())
    }
}
