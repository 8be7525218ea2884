//! The main job in one terminal: an API, the agent beside it, the gateway, and Prometheus.

mod files;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;

use crate::crew::{self, Crew};
use crate::ports::{Choice, Part, Ports};
use crate::process::Log;
use crate::programs::{self, Program};
use crate::{settings, watch};

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Demo {
    /// How ports are chosen.
    pub ports: Choice,
    /// How often the agent pushes, in seconds.
    pub interval: u64,
    /// Requests a second.
    pub rate: f64,
    /// Whether to leave Prometheus out even where it is installed.
    pub without_prometheus: bool,
}

/// Runs until `stop` or until a child dies, which is an error.
pub async fn run(demo: &Demo, stop: CancellationToken) -> anyhow::Result<()> {
    let log = Log::default();
    let programs = Programs::find(demo, &log)?;
    let mut wanted = vec![Part::Gateway, Part::Api, Part::Agent];
    wanted.extend(programs.prometheus.as_ref().map(|_| Part::Prometheus));
    let ports = match Ports::choose(demo.ports, &wanted) {
        Err(error) if error.to_string().contains(" for prometheus:") => {
            bail!("{error}; without Prometheus: --without-prometheus")
        }
        chosen => chosen?,
    };
    let folder = tempfile::tempdir().context("cannot make a folder for the demo's files")?;
    crew::run(ports, &log, stop, async |crew| live(demo, &programs, folder.path(), &log, crew).await).await
}

struct Programs {
    api: PathBuf,
    agent: PathBuf,
    gateway: PathBuf,
    prometheus: Option<PathBuf>,
}

impl Programs {
    fn find(demo: &Demo, log: &Log) -> anyhow::Result<Self> {
        let prometheus = programs::on_path("prometheus").filter(|_| !demo.without_prometheus);
        if prometheus.is_none() && !demo.without_prometheus {
            log.line(
                "lab",
                "Prometheus is not installed: the demo runs without it (`make tools` installs it)",
            );
        }
        let [api, agent, gateway] =
            ["pushpull-api", "pushpull-agent", "pushpull-gateway"].map(programs::ours);
        Ok(Self { api: api?, agent: agent?, gateway: gateway?, prometheus })
    }
}

async fn live(
    demo: &Demo,
    programs: &Programs,
    folder: &Path,
    log: &Log,
    crew: &mut Crew,
) -> anyhow::Result<Infallible> {
    let ports = crew.ports;
    let flag = format!("--web.listen-address={}", ports.address(Part::Gateway));
    crew.start(Part::Gateway, &Program::new(&programs.gateway, [flag]), "/-/ready").await?;
    let flags = ["--listen".to_owned(), ports.address(Part::Api)];
    crew.start(Part::Api, &Program::new(&programs.api, flags), "/-/ready").await?;
    let agent = settings::agent(folder, &ports, demo.interval, None)?;
    let flags = ["--config".to_owned(), agent.display().to_string()];
    crew.start(Part::Agent, &Program::new(&programs.agent, flags), "/-/ready").await?;
    if let Some(program) = &programs.prometheus {
        let flags = files::prometheus(folder, &ports)?;
        crew.start(Part::Prometheus, &Program::new(program, flags), "/-/ready").await?;
    }
    let _load = crew.load(demo.rate).await?;
    let table = table(demo, &ports, &agent);
    let every = Duration::from_secs(demo.interval.clamp(1, 5));
    let client = crew.client.clone();
    tokio::select! {
        never = watch::forever(&client, &ports, &table, every, log) => Ok(never),
        death = crew.first_death() => Err(death.into()),
    }
}

fn table(demo: &Demo, ports: &Ports, settings: &Path) -> Vec<String> {
    let [api, gateway, agent] = [Part::Api, Part::Gateway, Part::Agent].map(|part| ports.url(part));
    let mut rows = vec![
        ("api", format!("{api}/"), "the article's greeting"),
        ("api, pull", format!("{api}/metrics"), "its metrics, for pulling"),
        ("gateway", format!("{gateway}/"), "the pushed groups, and their ends"),
        ("gateway, scrape", format!("{gateway}/metrics"), "what was pushed, and when"),
        ("agent", format!("{agent}/"), "sources, endpoints, their state"),
        ("agent, fallback", format!("{agent}/metrics"), "the same by pull, at any time"),
    ];
    if ports.of(Part::Prometheus) != 0 {
        let url = format!("{}/graph", ports.url(Part::Prometheus));
        rows.push(("prometheus", url, "ask for app_requests_total"));
    }
    let mut lines = watch::table(&rows);
    lines.extend([
        format!("The agent pushes every {} s (--interval). Its settings:", demo.interval),
        format!("  {}", settings.display()),
        format!("The load is {} requests a second (--rate).", demo.rate),
        String::new(),
    ]);
    lines
}
