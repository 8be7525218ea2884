//! One instance: the app, its client, and an agent for each way that pushes, from birth to exit.

use std::net::SocketAddr;
use std::path::{Path as File, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use rustix::process::Signal;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::client::{self, Sent};
use super::costs::{Meter, usage};
use super::path::Path;
use super::scenario::{Exit, Times};
use super::schedule::Planned;
use crate::process::{Log, Process};
use crate::programs::Program;

/// An app that does not listen after this has failed.
const START: Duration = Duration::from_secs(20);
/// What a SIGTERM may take beside the app's linger: more than the agents' own grace of 5 s.
const GRACE: Duration = Duration::from_secs(8);
/// How long a stopping app keeps `/metrics` under [`Exit::Term`], in seconds.
pub const LAST_WORDS: f64 = 0.3;

/// What all instances of a run share.
#[derive(Debug)]
pub struct Place {
    /// The intervals.
    pub times: Times,
    /// The scenario's clock began then.
    pub began: Instant,
    /// Where children write.
    pub log: Log,
    /// Counts what they use.
    pub meter: Meter,
    /// No more events from here on, exits or not.
    pub calm: CancellationToken,
    /// Everything ends.
    pub closing: CancellationToken,
}

/// One instance that is not started yet.
#[derive(Debug)]
pub struct Pod {
    /// What is to become of it.
    pub planned: Planned,
    /// Where the app listens.
    pub address: SocketAddr,
    /// Where the app writes what it answered.
    pub truth: PathBuf,
    /// The app, wrapped into its place.
    pub app: Program,
    /// Its agents, wrapped likewise.
    pub agents: Vec<(Path, Program)>,
}

/// What is known of it afterwards.
#[derive(Debug, Clone, Default)]
pub struct Lived {
    /// When its processes were started, Unix seconds.
    pub born: f64,
    /// When it got the signal (linger: the linger's end), Unix seconds.
    pub exited: Option<f64>,
    /// What its client asked and got.
    pub sent: Sent,
    /// What went otherwise than it should.
    pub notes: Vec<String>,
}

/// How long the app keeps `/metrics` once it is told to stop, in seconds.
pub fn linger(exit: Exit, times: &Times) -> f64 {
    match exit {
        Exit::Linger => times.scrape + 0.5,
        Exit::Term => LAST_WORDS,
        _ => 0.0,
    }
}

/// How long after its signal an instance counts as ended, in seconds.
pub fn after(exit: Exit, times: &Times) -> f64 {
    if exit == Exit::Linger { linger(exit, times) } else { 0.0 }
}

impl Pod {
    /// Lives: waits for its birth, until its exit or the run's end, and ends all that it started.
    ///
    /// # Errors
    ///
    /// Where a process cannot be started, or dies on its own.
    pub async fn live(self, place: Arc<Place>) -> anyhow::Result<Lived> {
        let born_at = place.began + Duration::from_secs_f64(self.planned.birth);
        tokio::select! {
            () = sleep_until(born_at) => {}
            () = place.closing.cancelled() => return Ok(Lived::default()),
        }
        let mut alive = Alive { app: None, agents: Vec::new() };
        let lived = self.act(&mut alive, &place).await;
        // What an exit left alive, such as the agents of an app that crashed, ends with the run.
        for process in alive.all() {
            process.signal(Signal::KILL);
        }
        let name = &self.planned.instance;
        for process in alive.all() {
            reap(process, &place.meter, GRACE).await;
        }
        lived.with_context(|| format!("instance {name}"))
    }

    async fn act(&self, alive: &mut Alive, place: &Place) -> anyhow::Result<Lived> {
        let mut lived = Lived { born: now(), ..Lived::default() };
        let app = alive.app.insert(Process::start("app", &self.app, &place.log)?);
        place.meter.add("app", None, app.id().unwrap_or(0));
        let connection = tokio::select! {
            connection = listening(self.address) => connection,
            status = app.ended() => bail!(app.death(status).await),
            () = tokio::time::sleep(START) => bail!("the app did not listen on {} within {START:?}", self.address),
        };
        for (path, program) in &self.agents {
            let agent = Process::start("agent", program, &place.log)?;
            place.meter.add("agent", Some(*path), agent.id().unwrap_or(0));
            alive.agents.push(agent);
        }
        let client = tokio::spawn(client::run(connection, place.times.rate, place.calm.clone()));
        let death = self.planned.death.map(|death| place.began + Duration::from_secs_f64(death));
        let until = async {
            match death {
                Some(death) => sleep_until(death).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            error = alive.first_death() => return Err(error),
            () = until => {
                lived.exited = Some(now());
                self.exit(alive, place, &mut lived).await;
            }
            () = place.closing.cancelled() => {}
        }
        place.closing.cancelled().await;
        // It has ended before, with the instance or with all events.
        if let Ok(Ok(sent)) = timeout(GRACE, client).await {
            lived.sent = sent;
        }
        Ok(lived)
    }

    async fn exit(&self, alive: &mut Alive, place: &Place, lived: &mut Lived) {
        let exit = self.planned.exit;
        let signal = match exit {
            Exit::Stay => return,
            Exit::Kill | Exit::AppKill | Exit::AgentKill => Signal::KILL,
            Exit::Term | Exit::Linger => Signal::TERM,
        };
        let linger = linger(exit, &place.times);
        lived.exited = lived.exited.map(|at| at + after(exit, &place.times));
        let (app, agents) = (exit != Exit::AgentKill, exit != Exit::AppKill);
        // The app first: what it answered before is what its agents read afterwards.
        let mut ending: Vec<&mut Process> = Vec::new();
        ending.extend(alive.app.as_mut().filter(|_| app));
        ending.extend(alive.agents.iter_mut().filter(|_| agents));
        for process in &ending {
            process.signal(signal);
        }
        let grace = GRACE + Duration::from_secs_f64(linger);
        let late: Vec<bool> = futures_util::future::join_all(
            ending.into_iter().map(async |process| !reap(process, &place.meter, grace).await),
        )
        .await;
        let late = late.iter().filter(|late| **late).count();
        if late > 0 {
            let name = &self.planned.instance;
            lived.notes.push(format!("{name}: {late} processes had to be killed {grace:?} after SIGTERM"));
        }
    }
}

/// The processes of one instance.
struct Alive {
    app: Option<Process>,
    agents: Vec<Process>,
}

impl Alive {
    fn all(&mut self) -> impl Iterator<Item = &mut Process> {
        self.app.iter_mut().chain(&mut self.agents)
    }

    /// Waits until one dies, and says how.
    async fn first_death(&mut self) -> anyhow::Error {
        let deaths = self.all().map(|process| {
            Box::pin(async move {
                let status = process.ended().await;
                anyhow::Error::new(process.death(status).await)
            })
        });
        futures_util::future::select_all(deaths).await.0
    }
}

/// Waits until it has ended, reads what it used, and lets the kernel forget it; kills it when it is late.
async fn reap(process: &mut Process, meter: &Meter, grace: Duration) -> bool {
    let Some(pid) = process.id() else { return true };
    let ended = async {
        let mut polls = tokio::time::interval(Duration::from_millis(20));
        while usage(pid).is_some_and(|usage| !usage.ended) {
            polls.tick().await;
        }
    };
    let in_time = timeout(grace, ended).await.is_ok();
    if !in_time {
        process.signal(Signal::KILL);
    }
    meter.last(pid);
    process.ended().await;
    in_time
}

/// Waits until the app listens; the connection is its client's.
async fn listening(
    address: SocketAddr,
) -> hyper::client::conn::http1::SendRequest<http_body_util::Empty<bytes::Bytes>> {
    let mut polls = tokio::time::interval(Duration::from_millis(10));
    loop {
        polls.tick().await;
        if let Some(connection) = client::connect(address).await {
            return connection;
        }
    }
}

/// Unix seconds.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Reads a truth file: whole records only, Unix seconds.
///
/// # Errors
///
/// Where it cannot be read; one that was never made is empty.
pub fn truth(file: &File) -> anyhow::Result<Vec<f64>> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let records = bytes.as_chunks::<8>().0;
    Ok(records.iter().map(|record| u64::from_le_bytes(*record) as f64 / 1e9).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_not_whole_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("truth");
        assert_eq!(truth(&file).unwrap(), [0.0; 0]);
        let mut bytes = 1_500_000_000_u64.to_le_bytes().to_vec();
        bytes.extend([1, 2, 3]);
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(truth(&file).unwrap(), [1.5]);
        assert!(truth(folder.path()).is_err());
    }
}
