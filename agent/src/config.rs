//! Settings of the agent, with their defaults. `agent.toml` beside the sources shows each of them.

mod check;
mod endpoint;
mod host;
mod protocols;
mod reap;
mod relabel;
mod remote_write;
mod target;
mod textfile;
mod transport;
mod urls;

pub use check::check;
pub use endpoint::{Compression, Endpoint, Method, OnShutdown};
pub use host::HostSettings;
pub use protocols::ScrapeProtocol;
pub use reap::{Lifetime, ReapSettings};
pub use relabel::{Action, RelabelConfig};
pub use remote_write::{Dialect, Drain, Ending, Fsync, Origin, RemoteWrite, Shards, Spool};
pub use target::{Discovery, Target, TargetLimits};
pub use textfile::Textfile;
pub use transport::{TlsConfig, Transport};
pub use urls::shown;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::config::{OneOrMany, Place, Places, duration};
use service::logs::LogSettings;

/// All settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How often sources are read and gateways pushed to.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// What targets are asked for that say nothing of it themselves; not set, it follows from where samples go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrape_protocols: Option<Vec<ScrapeProtocol>>,
    /// Whether native histograms are asked for, at targets that say nothing of it themselves.
    pub scrape_native_histograms: bool,
    /// Under which names things are sent.
    pub identity: IdentitySettings,
    /// Pages to scrape.
    pub scrape: OneOrMany<Target>,
    /// Files with pages to read.
    #[serde(skip_serializing_if = "no_files")]
    pub textfile: OneOrMany<Textfile>,
    /// The host's metrics.
    pub host: HostSettings,
    /// Gateways to push to.
    pub push: OneOrMany<Endpoint>,
    /// Receivers of remote write.
    #[serde(skip_serializing_if = "no_receivers")]
    pub remote_write: OneOrMany<RemoteWrite>,
    /// The fallback for pulls.
    pub pull: PullSettings,
    /// How stopping goes.
    pub shutdown: Shutdown,
    /// How long groups live that nobody pushes.
    pub reap: ReapSettings,
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

/// The fallback for pulls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PullSettings {
    /// Where it answers.
    pub listen: SocketAddr,
    /// TLS and users of the listener, in the format of exporter-toolkit's `--web.config.file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_config_file: Option<PathBuf>,
}

/// Stopping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    /// Time for the last collection, the last pushes, and what `on_shutdown` asks for.
    #[serde(with = "duration")]
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(15),
            scrape_protocols: None,
            scrape_native_histograms: false,
            identity: IdentitySettings::default(),
            scrape: OneOrMany(vec![Target::at("http://127.0.0.1:8000/metrics")]),
            textfile: OneOrMany(Vec::new()),
            host: HostSettings::default(),
            push: OneOrMany(vec![Endpoint::at("http://127.0.0.1:9091")]),
            remote_write: OneOrMany(Vec::new()),
            pull: PullSettings::default(),
            shutdown: Shutdown::default(),
            reap: ReapSettings::default(),
            log: LogSettings::default(),
        }
    }
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self { job: "api".to_owned(), instance: "{hostname}".to_owned(), labels: BTreeMap::new() }
    }
}

impl Default for PullSettings {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9102)), web_config_file: None }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { grace: Duration::from_secs(10) }
    }
}

fn no_receivers(receivers: &OneOrMany<RemoteWrite>) -> bool {
    receivers.0.is_empty()
}

fn no_files(files: &OneOrMany<Textfile>) -> bool {
    files.0.is_empty()
}

impl Settings {
    /// Fills in what follows from other settings where nobody set it, so that setting only the interval is
    /// right and `check` shows what holds.
    pub fn fill_in(&mut self) {
        let writes = !self.remote_write.0.is_empty();
        for target in &mut self.scrape.0 {
            let natives = *target.scrape_native_histograms.get_or_insert(self.scrape_native_histograms);
            let usual = ScrapeProtocol::usual(natives, writes);
            let all = self.scrape_protocols.as_deref();
            target.scrape_protocols.get_or_insert_with(|| all.unwrap_or(usual).to_vec());
            target.timeout.get_or_insert(Target::TIMEOUT.min(self.interval));
            match target.discovery {
                Discovery::File => drop(target.refresh_interval.get_or_insert(self.interval)),
                Discovery::Http => drop(target.refresh_interval.get_or_insert(Target::REFRESH)),
                Discovery::None | Discovery::Dns => {}
            }
        }
        for endpoint in &mut self.push.0 {
            if !endpoint.urls.is_empty() {
                // The default, which no longer says anything.
                endpoint.url.clear();
            }
            endpoint.ttl.get_or_insert(Endpoint::TTL.max(self.interval.saturating_mul(4)));
        }
    }

    /// Whoever writes to a receiver, and never spoke of a gateway, has none.
    pub fn without_unmeant(&mut self, places: &Places) {
        let meant = ["push", "push[0].url", "push[0].urls"].map(|key| places.of(key) != Place::Default);
        if !self.remote_write.0.is_empty() && !meant.contains(&true) {
            self.push.0.clear();
        }
    }
}
