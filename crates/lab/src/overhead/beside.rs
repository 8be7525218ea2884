//! An agent beside the API: what it uses, and what its scrapes cost the API and those who wait for it.
//!
//! Here with and without are side by side, not in turn: of two APIs under the same load one has an agent.
//! An agent that is stopped and started would cost most at its start, and with an interval of 15 s each
//! window needs that long. What the agent takes from the processor both APIs feel alike: the added
//! latency is that of the scrapes alone.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::rounds::{Figures, Round, add, latency, median};
use super::server::{Place, Server};
use super::slice::{Load, Slice};
use crate::programs::{Program, ours};
use crate::settings;

/// Requests a second to each API.
pub const RATE: u32 = 100;
/// Connections for that: answers take far less than a millisecond.
const CONNECTIONS: usize = 10;

/// Two APIs, and the agent of one of them.
#[derive(Debug)]
struct Pair {
    with: Server,
    alone: Server,
    agent: Server,
}

/// Windows of one interval.
#[derive(Debug, Default)]
pub struct Beside {
    /// The APIs.
    pub rounds: Vec<Round>,
    /// The agent's seconds of CPU in each.
    cpu: Vec<f64>,
    /// The agent's resident bytes after each.
    memory: Vec<f64>,
}

/// Measures so many windows of this length, with an agent that pushes each `interval` seconds.
///
/// # Errors
///
/// Where a process cannot be started or ends by itself.
pub async fn measure(
    place: &Place,
    folder: &Path,
    gateway: &Server,
    interval: u64,
    (window, windows): (Duration, u32),
    stop: &CancellationToken,
) -> anyhow::Result<Beside> {
    let pair = Pair::start(place, folder, gateway, interval).await?;
    let mut beside = Beside::default();
    for _ in 0..windows {
        let before = pair.agent.used()?;
        let load = Load::At { rate: RATE, connections: CONNECTIONS };
        let loads = [&pair.with, &pair.alone].map(|api| Slice::of(api, load, window, stop));
        let slices = futures_util::future::try_join_all(loads).await?;
        let [Some(on), Some(off)] = slices[..] else { break };
        beside.rounds.push(Round { on, off });
        beside.cpu.push(pair.agent.used()?.since(&before));
        beside.memory.extend(pair.agent.memory());
    }
    // The agent first: its last scrape and push need both others.
    pair.agent.stop().await;
    futures_util::future::join(pair.with.stop(), pair.alone.stop()).await;
    Ok(beside)
}

impl Pair {
    async fn start(place: &Place, folder: &Path, gateway: &Server, interval: u64) -> anyhow::Result<Self> {
        let api = |port: u16| {
            let mut program = Program::new(&ours("pushpull-api")?, ["--listen".to_owned(), address(port)]);
            for (name, value) in [
                ("PUSHPULL_API__WORK__MIN", "0s"),
                ("PUSHPULL_API__WORK__MAX", "0s"),
                ("PUSHPULL_API__LOG__LEVEL", "warn"),
            ] {
                program.environment.push((name, value.to_owned()));
            }
            Ok(program)
        };
        let with = Server::start("api", place, "/-/ready", api).await?;
        let alone = Server::start("api", place, "/-/ready", api).await?;
        let agent = Server::start("agent", place, "/-/ready", |port| {
            let text = text(&with.url, &gateway.url, interval, port);
            let file = settings::write(folder, &format!("agent-{port}.toml"), &text)?;
            Ok(Program::new(&ours("pushpull-agent")?, ["--config".to_owned(), file.display().to_string()]))
        })
        .await?;
        Ok(Self { with, alone, agent })
    }
}

/// Our gateway, which all agents push to.
///
/// # Errors
///
/// Where it is not found or does not start.
pub async fn gateway(place: &Place) -> anyhow::Result<Server> {
    Server::start("gateway", place, "/-/ready", |port| {
        let flag = format!("--web.listen-address={}", address(port));
        Ok(Program::new(&ours("pushpull-gateway")?, [flag]))
    })
    .await
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// The agent as it is installed, but for the interval: it reads the API's page and the host's metrics.
fn text(api: &str, gateway: &str, interval: u64, port: u16) -> String {
    let timeout = interval.min(10);
    format!(
        "# Written by pushpull-lab; agent/agent.toml shows every setting.\n\
         interval = \"{interval}s\"\n\n\
         [identity]\njob = \"api\"\ninstance = \"{port}\"\n\n\
         [[scrape]]\nurl = \"{api}/metrics\"\ntimeout = \"{timeout}s\"\n\n\
         [[push]]\nurl = \"{gateway}\"\non_shutdown = \"keep\"\n\n\
         [pull]\nlisten = \"{}\"\n\n\
         [shutdown]\ngrace = \"1s\"\n\n\
         [log]\nlevel = \"error\"\n",
        address(port)
    )
}

impl Beside {
    /// Adds the windows of another pair with the same interval.
    pub fn add(&mut self, other: Self) {
        self.rounds.extend(other.rounds);
        self.cpu.extend(other.cpu);
        self.memory.extend(other.memory);
    }

    /// Figures of this interval: CPU by the minute, memory, and what the API and its clients feel.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::new();
        let rounds = &self.rounds;
        let minute = |slice: &Slice| slice.cpu / slice.seconds * 60.0;
        let agent: Vec<f64> =
            self.cpu.iter().zip(rounds).map(|(cpu, round)| cpu / round.on.seconds * 60.0).collect();
        for (name, values) in [("agent_cpu_seconds_per_minute", &agent), ("agent_memory_bytes", &self.memory)]
        {
            if let Some(figure) = median(values) {
                figures.insert(name.to_owned(), figure);
            }
        }
        add(&mut figures, "api_cpu_seconds_per_minute", rounds, |round| minute(&round.on));
        add(&mut figures, "api_cpu_added_seconds_per_minute", rounds, |round| {
            minute(&round.on) - minute(&round.off)
        });
        let ratio = |round: &Round| round.on.cpu_per_request() / round.off.cpu_per_request();
        add(&mut figures, "cpu_ratio", rounds, ratio);
        latency(&mut figures, rounds);
        figures
    }
}
