//! The main job in one terminal: an API, the agent beside it, the gateway, and Prometheus.

mod files;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use reqwest::Client;
use tokio_util::sync::CancellationToken;

use crate::load::{self, Tally};
use crate::ports::{Choice, Ports};
use crate::process::{Log, Process};
use crate::programs;

/// Time for a child to end before it is killed; all end at once.
const GRACE: Duration = Duration::from_secs(4);

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
    let ports = Ports::choose(demo.ports, programs.prometheus.is_some())?;
    let folder = tempfile::tempdir().context("cannot make a folder for the demo's files")?;
    let mut children = Vec::new();
    let outcome = tokio::select! {
        outcome = live(demo, &ports, &programs, folder.path(), &log, &mut children) => outcome,
        () = stop.cancelled() => Ok(()),
    };
    log.line("lab", "stopping everything");
    // The agent first of all: its last push needs a gateway. The others wait no longer than it takes.
    for name in ["agent", "api", "gateway", "prometheus"] {
        if let Some(child) = children.iter_mut().find(|child: &&mut Process| child.name == name) {
            let grace = if name == "agent" { GRACE / 2 } else { GRACE / 6 };
            child.stop(grace).await;
        }
    }
    outcome
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
    ports: &Ports,
    programs: &Programs,
    folder: &std::path::Path,
    log: &Log,
    children: &mut Vec<Process>,
) -> anyhow::Result<()> {
    let seconds = Duration::from_secs;
    let client = service::client::builder(seconds(2), seconds(10), false).no_proxy().build()?;
    let local = |port: u16| format!("http://127.0.0.1:{port}");
    let (api, gateway, agent) = (local(ports.api), local(ports.gateway), local(ports.agent));

    let flags = [format!("--web.listen-address=127.0.0.1:{}", ports.gateway)];
    begin(
        children,
        Process::start("gateway", &programs.gateway, &flags, log)?,
        &client,
        &format!("{gateway}/-/ready"),
    )
    .await?;
    let flags = ["--listen".to_owned(), format!("127.0.0.1:{}", ports.api)];
    begin(children, Process::start("api", &programs.api, &flags, log)?, &client, &format!("{api}/-/ready"))
        .await?;
    let settings = files::agent(folder, *ports, demo.interval)?;
    let flags = ["--config".to_owned(), settings.display().to_string()];
    begin(
        children,
        Process::start("agent", &programs.agent, &flags, log)?,
        &client,
        &format!("{agent}/-/ready"),
    )
    .await?;
    let mut prometheus = None;
    if let Some(program) = &programs.prometheus {
        let flags = files::prometheus(folder, *ports)?;
        let url = local(ports.prometheus);
        begin(
            children,
            Process::start("prometheus", program, &flags, log)?,
            &client,
            &format!("{url}/-/ready"),
        )
        .await?;
        prometheus = Some(url);
    }

    let tally = Arc::new(Tally::default());
    let working = CancellationToken::new();
    // Stops with the demo, however it ends.
    let _guard = working.clone().drop_guard();
    tokio::spawn(load::run(client.clone(), format!("{api}/"), demo.rate, 100, Arc::clone(&tally), working));

    let urls = watch::Urls { api, gateway, agent, prometheus };
    tokio::select! {
        never = watch::forever(&client, &urls, demo, &settings, log) => never,
        death = first_death(children) => Err(anyhow::anyhow!(death)),
    }
}

/// Puts a child among the others, and waits until it answers.
async fn begin(
    children: &mut Vec<Process>,
    child: Process,
    client: &Client,
    ready: &str,
) -> anyhow::Result<()> {
    children.push(child);
    match children.last_mut() {
        Some(child) => child.ready(client, ready).await,
        None => Ok(()),
    }
}

/// Waits until one of them dies, and says how.
async fn first_death(children: &mut [Process]) -> String {
    let mut polls = tokio::time::interval(Duration::from_millis(100));
    loop {
        polls.tick().await;
        for child in children.iter_mut() {
            // An end that is there already is there at once.
            if let Ok(status) = tokio::time::timeout(Duration::from_millis(1), child.ended()).await {
                return child.death(status);
            }
        }
    }
}
