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
    ["prom-exec", "gate-exec"],
    ["prom-real", "gate-real"],
    ["prom-file", "gate-file"],
    ["prom-written", ""],
];

/// Running processes; they end with this value.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) path: Path,
    pub(super) prometheus: Prometheus,
    server: Server,
    gateway: Option<Server>,
}

/// A Prometheus or a gateway.
#[derive(Debug)]
struct Server {
    name: &'static str,
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
        let gateway = if path.has_gateway() {
            Some(gateway(path, setting, &folder)?.started(setting.client, setting.log).await?)
        } else {
            None
        };
        let address = setting.stage.server(path)?;
        let program = server_program(path, setting, &folder, address, gateway.as_ref().map(|g| g.address))?;
        let server = Server { name: name(path, Part::Prometheus), address, program, process: None };
        let server = server.started(setting.client, setting.log).await?;
        let prometheus = Prometheus::new(setting.client.clone(), format!("http://{address}"));
        Ok(Self { path, prometheus, server, gateway })
    }

    /// Where agents push or write to.
    pub(super) fn receiver_address(&self) -> Option<SocketAddr> {
        match &self.gateway {
            Some(gateway) => Some(gateway.address),
            None => (self.path == Path::RemoteWrite).then_some(self.server.address),
        }
    }

    fn receiver(&mut self) -> Option<&mut Server> {
        match &mut self.gateway {
            Some(gateway) => Some(gateway),
            None => (self.path == Path::RemoteWrite).then_some(&mut self.server),
        }
    }

    /// Kills what agents send to, and waits for its end: its port is free then.
    pub(super) async fn kill_receiver(&mut self) {
        if let Some(receiver) = self.receiver() {
            receiver.kill().await;
        }
    }

    /// Starts a receiver that was killed, at the same address, with what it had in its files.
    pub(super) async fn start_receiver(&mut self, client: &Client, log: &Log) -> anyhow::Result<()> {
        match self.receiver().filter(|receiver| receiver.process.is_none()) {
            Some(receiver) => receiver.run(client, log).await,
            None => Ok(()),
        }
    }

    pub(super) fn process(&self, part: Part) -> Option<u32> {
        match part {
            Part::Prometheus => self.server.process.as_ref()?.id(),
            Part::Gateway => self.gateway.as_ref()?.process.as_ref()?.id(),
        }
    }

    /// An error where one of them ended that nobody ended.
    pub(super) async fn check(&mut self) -> anyhow::Result<()> {
        let servers = [Some(&mut self.server), self.gateway.as_mut()].into_iter().flatten();
        for process in servers.filter_map(|server| server.process.as_mut()) {
            // An end that is there already is there at once.
            if let Ok(status) = tokio::time::timeout(Duration::from_millis(1), process.ended()).await {
                bail!(process.death(status).await);
            }
        }
        Ok(())
    }

    /// Nothing that they would still write is needed.
    pub(super) async fn stop(mut self) {
        for server in [Some(&mut self.server), self.gateway.as_mut()].into_iter().flatten() {
            server.kill().await;
        }
    }
}

impl Server {
    async fn started(mut self, client: &Client, log: &Log) -> anyhow::Result<Self> {
        self.run(client, log).await?;
        Ok(self)
    }

    async fn run(&mut self, client: &Client, log: &Log) -> anyhow::Result<()> {
        let process = self.process.insert(Process::start(self.name, &self.program, log)?);
        let (name, at) = (self.name, self.address);
        process
            .ready(client, &format!("http://{at}/-/ready"))
            .await
            .with_context(|| format!("{name} at {at}"))
    }

    async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::KILL);
            process.ended().await;
        }
    }
}

fn gateway(path: Path, setting: &Setting<'_>, folder: &path::Path) -> anyhow::Result<Server> {
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
    Ok(Server {
        name: name(path, Part::Gateway),
        address,
        program: setting.stage.core(program),
        process: None,
    })
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
        (None, Path::RemoteWrite) => Source::Written,
        (None, Path::PullDiscovered) => Source::File(setting.found),
        (None, _) => Source::Known(setting.targets),
    };
    let text = config::prometheus(setting.times, &source);
    let file = settings::write(folder, "prometheus.yml", &text)?;
    let mut flags = vec![
        format!("--config.file={}", file.display()),
        format!("--storage.tsdb.path={}", folder.join("tsdb").display()),
        "--storage.tsdb.retention.time=2h".to_owned(),
        format!("--query.lookback-delta={}", config::duration(setting.times.lookback)),
        format!("--web.listen-address={listen}"),
        "--log.level=warn".to_owned(),
    ];
    if path == Path::RemoteWrite {
        flags.push("--web.enable-remote-write-receiver".to_owned());
    }
    Ok(setting.stage.prometheus(path, Program::new(&setting.peers.prometheus, flags)))
}

fn name(path: Path, part: Part) -> &'static str {
    NAMES[path as usize][part as usize]
}
