//! How a connection is made: TLS, proxies, who we say we are, and how it is kept.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::config::Secret;

/// TLS of a client, with Prometheus' own names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM certificates to trust instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// PEM certificate chain of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<PathBuf>,
    /// Its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The name that the server's certificate must have, where it is not the URL's host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Whether any certificate of the server will do.
    pub insecure_skip_verify: bool,
}

/// All of it, from a `[[push]]` or a `[[scrape]]`: both have the same settings. Each lists them by itself, since
/// serde's `flatten` cannot stand beside `deny_unknown_fields`, and a mistyped key has to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// TLS.
    pub tls: TlsConfig,
    /// `http`, `https`, `socks5` or `socks5h`.
    pub proxy_url: Option<String>,
    /// Hosts, domains, addresses and networks that are not asked by the proxy, with commas between.
    pub no_proxy: Option<String>,
    /// Whether `HTTPS_PROXY` and its kin hold where there is no `proxy_url`.
    pub proxy_from_environment: bool,
    /// Between two signs of life on a connection that is not used; none keeps no connection.
    pub keep_alive: Duration,
    /// Basic authentication: the user.
    pub username: Option<String>,
    /// Basic authentication: the password.
    pub password: Option<Secret>,
    /// A file with it.
    pub password_file: Option<PathBuf>,
    /// A bearer token.
    pub bearer_token: Option<Secret>,
    /// A file with it.
    pub bearer_token_file: Option<PathBuf>,
}

/// Half of what the shortest of usual NATs forgets an idle flow after, which is a minute.
pub(super) fn keep_alive() -> Duration {
    Duration::from_secs(25)
}

pub(super) fn from_environment() -> bool {
    true
}
