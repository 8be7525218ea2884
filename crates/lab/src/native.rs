//! The whole stack on one machine without containers: our binaries and Debian's packages, on loopback.
//!
//! It configures them as `make stack` does, from the same files, and keeps what they store in a
//! folder of its own, never in the system's.

mod config;
mod folder;
mod grafana;
mod packages;
mod table;

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use self::folder::Folder;
use self::packages::Packages;
use crate::crew::{self, Crew};
use crate::ports::{Choice, Part, Ports};
use crate::process::Log;
use crate::programs::{self, Program};
use crate::{settings, watch};

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Native {
    /// How ports are chosen.
    pub ports: Choice,
    /// Whether our gateway stands in the Pushgateway's place.
    pub our_gateway: bool,
    /// Seconds between pushes, between scrapes, and between evaluations of rules.
    pub interval: u64,
    /// Requests a second.
    pub rate: f64,
    /// The folder with `gateway-config` and `grafana-provisioning`.
    pub project: PathBuf,
    /// Where everything is stored.
    pub data: PathBuf,
}

/// Runs until `stop` or until a child dies, which is an error.
pub async fn run(native: &Native, stop: CancellationToken) -> anyhow::Result<()> {
    let log = Log::default();
    let [api, agent, gateway] = ["pushpull-api", "pushpull-agent", "pushpull-gateway"].map(programs::ours);
    let ours = Ours { api: api?, agent: agent?, gateway: gateway? };
    let packages = Packages::find(native.our_gateway)?;
    let config = config::Shipped::find(&native.project)?;
    let mut wanted = vec![Part::Api, Part::Gateway, Part::Agent];
    wanted.extend([Part::NodeExporter, Part::Prometheus, Part::Alertmanager]);
    wanted.extend(packages.grafana.as_ref().map(|_| Part::Grafana));
    let ports = Ports::choose(native.ports, &wanted)?;
    let folder = Folder::take(&native.data)?;
    let stack = Stack { native, ours, packages, config, folder };
    crew::run(ports, &log, stop, async |crew| stack.live(&log, crew).await).await
}

struct Ours {
    api: PathBuf,
    agent: PathBuf,
    gateway: PathBuf,
}

struct Stack<'a> {
    native: &'a Native,
    ours: Ours,
    packages: Packages,
    config: config::Shipped,
    folder: Folder,
}

impl Stack<'_> {
    async fn live(&self, log: &Log, crew: &mut Crew) -> anyhow::Result<Infallible> {
        let (ports, data) = (crew.ports, self.folder.path.as_path());
        crew.start(Part::Gateway, &self.gateway(&ports)?, "/-/ready").await?;
        let flags = ["--listen".to_owned(), ports.address(Part::Api)];
        crew.start(Part::Api, &Program::new(&self.ours.api, flags), "/-/ready").await?;
        // The instance that Prometheus gives the pulled series, so that both can be compared by it.
        let address = ports.address(Part::Api);
        let agent = settings::agent(data, &ports, self.native.interval, Some(&address))?;
        let flags = ["--config".to_owned(), agent.display().to_string()];
        crew.start(Part::Agent, &Program::new(&self.ours.agent, flags), "/-/ready").await?;

        let listen = |part: Part| format!("--web.listen-address={}", ports.address(part));
        let quiet = "--log.level=warn".to_owned();
        // Debian's build asks systemd, too, which answers root only: an error at each scrape.
        let flags = [listen(Part::NodeExporter), "--no-collector.systemd".to_owned(), quiet.clone()];
        crew.start(Part::NodeExporter, &Program::new(&self.packages.node_exporter, flags), "/").await?;
        let flags = [
            format!("--config.file={}", self.config.alertmanager().display()),
            format!("--storage.path={}", data.join("alertmanager").display()),
            listen(Part::Alertmanager),
            // One alone; the default would listen on all addresses, for others to join.
            "--cluster.listen-address=".to_owned(),
            quiet.clone(),
        ];
        crew.start(Part::Alertmanager, &Program::new(&self.packages.alertmanager, flags), "/-/ready").await?;
        let file = self.config.render(data, &ports, self.native.interval)?;
        let flags = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", data.join("prometheus").display()),
            listen(Part::Prometheus),
            quiet,
        ];
        crew.start(Part::Prometheus, &Program::new(&self.packages.prometheus, flags), "/-/ready").await?;
        let mut password = None;
        if let Some(program) = &self.packages.grafana {
            let (program, file) = grafana::prepare(program, &self.native.project, data, &ports)?;
            crew.start(Part::Grafana, &program, "/api/health").await?;
            password = Some(file);
        }
        self.watch(log, crew, password.as_deref()).await
    }

    async fn watch(&self, log: &Log, crew: &mut Crew, password: Option<&Path>) -> anyhow::Result<Infallible> {
        let _load = crew.load(self.native.rate).await?;
        let table = table::table(self.native, &crew.ports, &self.folder.path, password);
        let (client, ports) = (crew.client.clone(), crew.ports);
        tokio::select! {
            never = watch::forever(&client, &ports, &table, Duration::from_secs(self.native.interval), log) => Ok(never),
            death = crew.first_death() => Err(death.into()),
        }
    }

    fn gateway(&self, ports: &Ports) -> anyhow::Result<Program> {
        let listen = format!("--web.listen-address={}", ports.address(Part::Gateway));
        let Some(program) = &self.packages.pushgateway else {
            return Ok(Program::new(&self.ours.gateway, [listen]));
        };
        // Nothing ends a group in there: those of an API on another port would stay for ever.
        let folder = self.folder.path.join("pushgateway");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join(ports.of(Part::Api).to_string());
        let keep = format!("--persistence.file={}", file.display());
        Ok(Program::new(program, [listen, keep, "--log.level=warn".to_owned()]))
    }
}
