//! Who watches: for each way a Prometheus of its own, and a gateway where it pushes.

mod config;
mod discovery;
mod peers;
mod watcher;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path;
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::future::{join_all, try_join_all};
use reqwest::Client;

use self::discovery::Discovery;
pub use self::peers::Peers;
use self::watcher::{Setting, Watcher};
use super::path::Path;
use super::scenario::Times;
use super::stage::Stage;
use crate::process::Log;
use crate::prometheus::Prometheus;

/// A Prometheus begins to scrape up to 10 s after its start; a slow machine may need longer.
const PATIENCE: Duration = Duration::from_secs(45);

/// An instance, as a Prometheus that pulls sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where its `/metrics` is.
    pub address: SocketAddr,
    /// Its label `instance`; where more than one has the same, they are born and die together.
    pub instance: String,
}

/// What a way consists of.
#[allow(missing_docs, reason = "their names say it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Prometheus,
    Gateway,
}

/// The running gateways and Prometheus servers; they end with this value.
#[derive(Debug)]
pub struct Watchers {
    all: BTreeMap<Path, Watcher>,
    found: Discovery,
    targets: Vec<Target>,
    warm_up: SocketAddr,
    client: Client,
    log: Log,
}

impl Watchers {
    /// Starts those of these ways, all at once, with everything that they write in this folder.
    /// The stage has to outlive them. Peers that are missing are an error before anything starts.
    pub async fn start(
        stage: &Stage,
        times: &Times,
        paths: &[Path],
        targets: &[Target],
        folder: &path::Path,
        log: &Log,
    ) -> anyhow::Result<Self> {
        let peers = &Peers::find(paths)?;
        let seconds = Duration::from_secs;
        let client = service::client::builder(seconds(2), seconds(20), false).no_proxy().build()?;
        let found = Discovery::new(&folder.join("discovery"), targets)?;
        found.write()?;
        let file = found.file();
        let setting = Setting { stage, times, peers, targets, found: &file, folder, client: &client, log };
        let all = try_join_all(paths.iter().map(async |path| {
            let watcher = Watcher::start(*path, &setting).await?;
            anyhow::Ok((*path, watcher))
        }));
        // Nobody listens there: to be scraped in vain costs next to nothing.
        let warm_up = SocketAddr::from((stage.core_address(), 9));
        let all = all.await?.into_iter().collect();
        Ok(Self { all, found, targets: targets.to_vec(), warm_up, client, log: log.clone() })
    }

    /// Waits until each Prometheus has scraped: its targets, born or not, or its gateway. The one that
    /// discovers has a target `warm-up` until then, and for some seconds after; it never is up.
    pub async fn wait_up(&mut self) -> anyhow::Result<()> {
        self.found.write_only(&Target { address: self.warm_up, instance: config::WARM_UP.to_owned() })?;
        let up = join_all(self.all.values().map(async |watcher| {
            let (query, value) = config::up(watcher.path, &self.targets);
            until(&watcher.prometheus, &query, value).await;
        }));
        let outcome = tokio::time::timeout(PATIENCE, up).await;
        // A part that died says more than the time that its absence took.
        self.check().await?;
        if outcome.is_err() {
            bail!("not every Prometheus scraped within {PATIENCE:?} of its start");
        }
        self.found.write()
    }

    /// Puts an instance on the list of the Prometheus that discovers; the lag of a real discovery is the caller's.
    pub fn born(&self, instance: &str) -> anyhow::Result<()> {
        self.found.born(instance)
    }

    /// Takes an instance off that list.
    pub fn died(&self, instance: &str) -> anyhow::Result<()> {
        self.found.died(instance)
    }

    /// Where the agents of a way push or write to; none for ways that pull, and for those that don't take part.
    pub fn receiver_address(&self, path: Path) -> Option<SocketAddr> {
        self.all.get(&path)?.receiver_address()
    }

    /// Kills (SIGKILL) all that agents send to: gateways, and the Prometheus that is written to. Waits for their ends.
    pub async fn kill_receivers(&mut self) {
        join_all(self.all.values_mut().map(Watcher::kill_receiver)).await;
    }

    /// Starts the receivers that were killed again, each at its address, and waits until they answer.
    pub async fn start_receivers(&mut self) -> anyhow::Result<()> {
        let (client, log) = (&self.client, &self.log);
        try_join_all(self.all.values_mut().map(|watcher| watcher.start_receiver(client, log))).await.map(drop)
    }

    /// A way's Prometheus, to be asked.
    pub fn prometheus(&self, path: Path) -> anyhow::Result<&Prometheus> {
        let watcher = self.all.get(&path).with_context(|| format!("{} does not take part", path.name()))?;
        Ok(&watcher.prometheus)
    }

    /// The processes of a part that live now: none or one. What is started again has another.
    pub fn pids(&self, path: Path, part: Part) -> Vec<u32> {
        self.all.get(&path).and_then(|watcher| watcher.process(part)).into_iter().collect()
    }

    /// An error with its last lines where one of them died that was not killed by [`Self::kill_receivers`].
    pub async fn check(&mut self) -> anyhow::Result<()> {
        for watcher in self.all.values_mut() {
            watcher.check().await?;
        }
        Ok(())
    }

    /// Ends all and waits for their ends, so that the stage and the folder can go.
    pub async fn stop(self) {
        join_all(self.all.into_values().map(Watcher::stop)).await;
    }
}

/// Asks until a query has this value.
async fn until(prometheus: &Prometheus, query: &str, value: f64) {
    let mut polls = tokio::time::interval(Duration::from_millis(100));
    loop {
        polls.tick().await;
        let answer = prometheus.query(query).await.unwrap_or_default();
        if answer.first().is_some_and(|point| point.value.total_cmp(&value).is_eq()) {
            return;
        }
    }
}
