//! A page to scrape.

use std::path::PathBuf;
use std::time::Duration;

use exposition::Limits;
use serde::{Deserialize, Serialize};
use service::config::{ByteSize, Secret, duration, optional_duration};

use super::transport::{TlsConfig, Transport};
use super::{Origin, RelabelConfig, ScrapeProtocol};

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
    /// Where the list of targets is: a path, whose last part may have stars, or a URL.
    #[serde(default, serialize_with = "super::urls::masked_if_any", skip_serializing_if = "Option::is_none")]
    pub targets: Option<String>,
    /// How often the list is read; not set, every interval, or every minute from a server.
    #[serde(with = "optional_duration", default, skip_serializing_if = "Option::is_none")]
    pub refresh_interval: Option<Duration>,
    /// What it is asked for, the first preferred; not set, it follows from the settings for all targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrape_protocols: Option<Vec<ScrapeProtocol>>,
    /// Whether its native histograms are wanted; not set, it follows from the settings for all targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrape_native_histograms: Option<bool>,
    /// Whether the page's own `job` and `instance` labels win.
    #[serde(default)]
    pub honor_labels: bool,
    /// Whether samples keep the timestamps that the page gives them.
    #[serde(default = "yes")]
    pub honor_timestamps: bool,
    /// By what the beginning of its counters is known, where that is not what a receiver's settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter_origin: Option<Origin>,
    /// Its job, where it is not the agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Its instance, where it is not the agent's (with several targets: host:port of the URL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Rules for its series, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric_relabel_configs: Vec<RelabelConfig>,
    /// A page that the app writes on its way out: it takes the place of a page that cannot be scraped any
    /// more, if it is newer than the last one that could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_file: Option<PathBuf>,
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
    /// A file with the password, read at each scrape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// A bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<Secret>,
    /// A file with the token, read at each scrape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token_file: Option<PathBuf>,
    /// Bounds; one that is broken fails the whole scrape.
    #[serde(default)]
    pub limits: TargetLimits,
}

fn yes() -> bool {
    true
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
    /// The targets stand in files, in Prometheus' form; the URL's host is `*`.
    File,
    /// The same from a server.
    Http,
}

impl Discovery {
    /// Whether somebody else keeps a list.
    pub fn is_list(self) -> bool {
        matches!(self, Self::File | Self::Http)
    }
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
            targets: None,
            refresh_interval: None,
            scrape_protocols: None,
            scrape_native_histograms: None,
            honor_labels: false,
            honor_timestamps: yes(),
            counter_origin: None,
            job: None,
            instance: None,
            metric_relabel_configs: Vec::new(),
            exit_file: None,
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
            limits: TargetLimits::default(),
        }
    }

    /// The time between two readings of a list from a server.
    pub const REFRESH: Duration = Duration::from_mins(1);

    /// How often the list is read.
    pub fn refresh(&self) -> Duration {
        self.refresh_interval.unwrap_or(Self::REFRESH)
    }

    /// The time for the whole scrape.
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(Self::TIMEOUT)
    }

    /// What it is asked for, the first preferred.
    pub fn protocols(&self) -> &[ScrapeProtocol] {
        let usual = ScrapeProtocol::usual(self.scrape_native_histograms == Some(true), false);
        self.scrape_protocols.as_deref().unwrap_or(usual)
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
