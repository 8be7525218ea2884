//! One way's Prometheus, and its gateway where it has one.

use std::fs;
use std::net::SocketAddr;
use std::path;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Client;
use rustix::process::Signal;

use super::config::{self, Source};
use super::peers::Peers;
use super::{Part, Target};
use crate::compare::path::Path;
use crate::compare::scenario::Times;
use crate::compare::stage::Stage;
use crate::process::{Log, Process};
use crate::programs::Program;
use crate::prometheus::Prometheus;
use crate::settings;

/// Two ways' programs have the same names: their log lines differ by these.
const NAMES: [[&str; 2]; Path::ALL.len()] = [
    ["prom-static", ""],
    ["prom-found", ""],
    ["prom-ours", "gate-ours"],
    ["prom-real", "gate-real"],
    ["prom-file", "gate-file"],
];

/// Running processes; they end with this value.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) path: Path,
    pub(super) prometheus: Prometheus,
    server_process: Process,
    gateway: Option<Gateway>,
}

#[derive(Debug)]
struct Gateway {
    address: SocketAddr,
    program: Program,
    /// None between its death and its next start.
    process: Option<Process>,
}

/// What all watchers share as they are started.
pub(super) struct Setting<'a> {
    pub(super) stage: &'a Stage,
    pub(super) times: &'a Times,
    pub(super) peers: &'a Peers,
    pub(super) targets: &'a [Target],
    /// The file by which instances are discovered.
    pub(super) found: &'a str,
    pub(super) folder: &'a path::Path,
    pub(super) client: &'a Client,
    pub(super) log: &'a Log,
}

impl Watcher {
    /// Starts both, and waits until they answer.
    pub(super) async fn start(path: Path, setting: &Setting<'_>) -> anyhow::Result<Self> {
        let folder = setting.folder.join(path.name());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let gateway = if path.pulls() { None } else { Some(Gateway::start(path, setting, &folder).await?) };
        let server = setting.stage.server(path)?;
        let program = server_program(path, setting, &folder, server, gateway.as_ref().map(|g| g.address))?;
        let mut server_process = Process::start(name(path, Part::Prometheus), &program, setting.log)?;
        ready(&mut server_process, setting.client, server).await?;
        let prometheus = Prometheus::new(setting.client.clone(), format!("http://{server}"));
        Ok(Self { path, prometheus, server_process, gateway })
    }

    pub(super) fn gateway_address(&self) -> Option<SocketAddr> {
        self.gateway.as_ref().map(|gateway| gateway.address)
    }

    /// Kills the gateway, and waits for its end: its port is free then.
    pub(super) async fn kill_gateway(&mut self) {
        if let Some(mut process) = self.gateway.as_mut().and_then(|gateway| gateway.process.take()) {
            process.signal(Signal::KILL);
            process.ended().await;
        }
    }

    /// Starts a gateway that was killed, at the same address, with what it had in its file.
    pub(super) async fn start_gateway(&mut self, client: &Client, log: &Log) -> anyhow::Result<()> {
        match self.gateway.as_mut().filter(|gateway| gateway.process.is_none()) {
            Some(gateway) => gateway.run(self.path, client, log).await,
            None => Ok(()),
        }
    }

    pub(super) fn process(&self, part: Part) -> Option<u32> {
        match part {
            Part::Prometheus => self.server_process.id(),
            Part::Gateway => self.gateway.as_ref()?.process.as_ref()?.id(),
        }
    }

    /// An error where one of them ended that nobody ended.
    pub(super) async fn check(&mut self) -> anyhow::Result<()> {
        let gateway = self.gateway.as_mut().and_then(|gateway| gateway.process.as_mut());
        for process in [Some(&mut self.server_process), gateway].into_iter().flatten() {
            // An end that is there already is there at once.
            if let Ok(status) = tokio::time::timeout(Duration::from_millis(1), process.ended()).await {
                bail!(process.death(status).await);
            }
        }
        Ok(())
    }

    /// Nothing that they would still write is needed.
    pub(super) async fn stop(mut self) {
        self.kill_gateway().await;
        self.server_process.signal(Signal::KILL);
        self.server_process.ended().await;
    }
}

impl Gateway {
    async fn start(path: Path, setting: &Setting<'_>, folder: &path::Path) -> anyhow::Result<Self> {
        let address = setting.stage.gateway(path)?;
        let listen = format!("--web.listen-address={address}");
        let real = |keep: [String; 2]| {
            let flags = [listen.clone(), "--log.level=warn".to_owned()].into_iter().chain(keep);
            Program::new(&setting.peers.real_gateway, flags)
        };
        let every = "--persistence.interval=1s".to_owned();
        let program = match path {
            Path::PushReal => real(["--persistence.file=".to_owned(), every]),
            Path::PushRealFile => {
                real([format!("--persistence.file={}", folder.join("groups").display()), every])
            }
            _ => Program::new(&setting.peers.our_gateway, [listen.clone()]),
        };
        let mut gateway = Self { address, program: setting.stage.core(program), process: None };
        gateway.run(path, setting.client, setting.log).await?;
        Ok(gateway)
    }

    async fn run(&mut self, path: Path, client: &Client, log: &Log) -> anyhow::Result<()> {
        let process = Process::start(name(path, Part::Gateway), &self.program, log)?;
        ready(self.process.insert(process), client, self.address).await
    }
}

fn server_program(
    path: Path,
    setting: &Setting<'_>,
    folder: &path::Path,
    listen: SocketAddr,
    gateway: Option<SocketAddr>,
) -> anyhow::Result<Program> {
    let source = match (gateway, path) {
        (Some(address), _) => Source::Gateway(address),
        (None, Path::PullDiscovered) => Source::File(setting.found),
        (None, _) => Source::Known(setting.targets),
    };
    let text = config::prometheus(setting.times, &source);
    let file = settings::write(folder, "prometheus.yml", &text)?;
    let flags = [
        format!("--config.file={}", file.display()),
        format!("--storage.tsdb.path={}", folder.join("tsdb").display()),
        "--storage.tsdb.retention.time=2h".to_owned(),
        format!("--query.lookback-delta={}", config::duration(setting.times.lookback)),
        format!("--web.listen-address={listen}"),
        "--log.level=warn".to_owned(),
    ];
    Ok(setting.stage.prometheus(path, Program::new(&setting.peers.prometheus, flags)))
}

async fn ready(process: &mut Process, client: &Client, at: SocketAddr) -> anyhow::Result<()> {
    let name = process.name;
    process.ready(client, &format!("http://{at}/-/ready")).await.with_context(|| format!("{name} at {at}"))
}

fn name(path: Path, part: Part) -> &'static str {
    NAMES[path as usize][part as usize]
}
