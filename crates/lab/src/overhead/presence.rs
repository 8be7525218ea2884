//! Our API under a steady load: alone, and with an agent beside it that scrapes it and pushes to a gateway.

use std::time::Duration;

use anyhow::Context;

use super::arguments::Arguments;
use super::rounds::{self, Slice};
use super::{Lab, Measured, serve};
use crate::compare::measure::estimate::FEWEST;
use crate::compare::results::{Cell, Figure};
use crate::figure::{cell, median};
use crate::programs::{Program, ours};
use crate::settings;
use crate::subject::Subject;

/// What an agent used beside the API.
struct Beside {
    with: Slice,
    alone: Slice,
    /// Seconds of CPU.
    agent: f64,
    seconds: f64,
    memory: f64,
}

/// Few, since each slice opens its own, and that costs CPU, too.
const CONNECTIONS: usize = 4;

pub(super) async fn agent(lab: &Lab<'_>) -> anyhow::Result<Measured> {
    let gateway = ours("pushpull-gateway")?;
    let starting = async {
        let (client, log) = (&lab.client, &lab.log);
        let api = Subject::start("api", |port| serve::program(port, false, [0, 0]), "/-/ready", client, log);
        let listen = |port| Ok(Program::new(&gateway, [format!("--web.listen-address=127.0.0.1:{port}")]));
        let gateway = Subject::start("gateway", listen, "/-/ready", client, log);
        tokio::try_join!(api, gateway)
    };
    let mut measured = Measured::default();
    let Some((api, gateway)) = lab.unless_stopped(starting).await? else { return Ok(measured) };
    for &interval in &lab.arguments.interval {
        let planned = lab.arguments.beside(interval);
        let mut all = Vec::new();
        for round in 0..planned {
            let Some(one) = beside(lab, &api, &gateway, interval, round % 2 == 0).await? else { break };
            all.push(one);
        }
        measured.rounds(&format!("{interval} s"), all.len(), planned);
        if !all.is_empty() {
            measured.cells.push(figures(interval, &all));
        }
    }
    tokio::join!(api.stop(), gateway.stop());
    measured.notes.push(format!(
        "the API has no simulated work and {} requests a second; the agent reads the host, too, and pushes to \
         our gateway; its start and its first push are not counted",
        lab.arguments.rate
    ));
    if lab.arguments.interval.iter().any(|&interval| (lab.arguments.beside(interval) as usize) < FEWEST) {
        measured
            .notes
            .push(format!("below {FEWEST} rounds a figure has no interval: --rounds 30 gives more"));
    }
    Ok(measured)
}

/// One round; none after a signal.
async fn beside(
    lab: &Lab<'_>,
    api: &Subject,
    gateway: &Subject,
    interval: u64,
    agent_first: bool,
) -> anyhow::Result<Option<Beside>> {
    let load = async |time: Duration| {
        let plan = rounds::plan(lab.arguments.rate.into(), time, CONNECTIONS);
        rounds::slice(api, &plan, &lab.stop).await
    };
    let alone = async || load(Arguments::slice(1)).await;
    let before = if agent_first { None } else { alone().await? };
    let starting = start(lab, api, gateway, interval);
    let Some(agent) = lab.unless_stopped(starting).await? else { return Ok(None) };
    let (cpu, began) = (agent.cpu()?, std::time::Instant::now());
    let with = load(Arguments::slice(interval)).await?;
    let (agent_cpu, seconds, memory) = (agent.cpu()? - cpu, began.elapsed().as_secs_f64(), agent.memory()?);
    agent.stop().await;
    let alone = if agent_first { alone().await? } else { before };
    Ok(with.zip(alone).map(|(with, alone)| Beside { with, alone, agent: agent_cpu, seconds, memory }))
}

async fn start(lab: &Lab<'_>, api: &Subject, gateway: &Subject, interval: u64) -> anyhow::Result<Subject> {
    let binary = ours("pushpull-agent")?;
    let program = |port| {
        let text = format!(
            "interval = \"{interval}s\"\n[identity]\njob = \"api\"\ninstance = \"{port}\"\n\
             [[scrape]]\nurl = \"{}/metrics\"\n[[push]]\nurl = \"{}\"\n[pull]\nlisten = \"127.0.0.1:{port}\"\n",
            api.url, gateway.url
        );
        let file = settings::write(lab.folder.path(), "agent.toml", &text)?;
        Ok(Program::new(&binary, ["--config".to_owned(), file.display().to_string()]))
    };
    let agent = Subject::start("agent", program, "/-/ready", &lab.client, &lab.log).await?;
    agent_pushed(lab, gateway, &agent).await.context("the agent's first push")?;
    Ok(agent)
}

/// The first push is over where the gateway has the group; it belongs to the start.
async fn agent_pushed(lab: &Lab<'_>, gateway: &Subject, agent: &Subject) -> anyhow::Result<()> {
    // Each agent has its port for a name: groups of earlier ones may still be there.
    let port = agent.url.rsplit(':').next().unwrap_or_default();
    let group = format!("instance=\"{port}\"");
    let url = format!("{}/metrics", gateway.url);
    let seen = async {
        let mut polls = tokio::time::interval(Duration::from_millis(20));
        loop {
            polls.tick().await;
            let page = lab.client.get(&url).send().await?.text().await?;
            if page.contains(&group) {
                return anyhow::Ok(());
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.context("did not come within 20 s")?
}

fn figures(interval: u64, all: &[Beside]) -> Cell {
    let over =
        |of: &dyn Fn(&Beside) -> f64| -> Option<Figure> { median(&all.iter().map(of).collect::<Vec<_>>()) };
    cell(
        "agent",
        &format!("{interval} s"),
        [
            ("agent_cpu_seconds_per_minute", over(&|one| one.agent / one.seconds * 60.0)),
            ("agent_memory_bytes", over(&|one| one.memory)),
            ("api_cpu_ratio", over(&|one| one.with.cpu / one.alone.cpu)),
            ("cpu_per_request_seconds", over(&|one| one.with.cpu)),
            ("latency_p50_added_seconds", over(&|one| one.with.p50 - one.alone.p50)),
            ("latency_p99_added_seconds", over(&|one| one.with.p99 - one.alone.p99)),
        ],
    )
}
