//! Children that live and end together: started in order, one death ends all, the agent stops first.

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use reqwest::Client;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::load::{self, target::Target};
use crate::ports::{Part, Ports};
use crate::process::{Death, Ending, Log, Process};
use crate::programs::Program;
use crate::watch;

/// The agent's time to end: more than the 2 s that its own settings give it, so that it can say what
/// was lost. With the others' time it stays below 5 s.
const AGENT_GRACE: Duration = Duration::from_secs(3);
/// The others' time; they end all at once.
const GRACE: Duration = Duration::from_millis(1_300);

/// The children, and what is needed to watch them.
#[derive(Debug)]
pub struct Crew {
    /// Asks all of them.
    pub client: Client,
    /// Where they are.
    pub ports: Ports,
    log: Log,
    children: Vec<Process>,
}

/// Runs `live` until it fails, until a child dies, which is an error, or until `stop`; then ends all.
pub async fn run(
    ports: Ports,
    log: &Log,
    stop: CancellationToken,
    live: impl AsyncFnOnce(&mut Crew) -> anyhow::Result<Infallible>,
) -> anyhow::Result<()> {
    let seconds = Duration::from_secs;
    let client = service::client::builder(seconds(2), seconds(10), false).no_proxy().build()?;
    let mut crew = Crew { client, ports, log: log.clone(), children: Vec::new() };
    let outcome = tokio::select! {
        outcome = live(&mut crew) => outcome.map(|never| match never {}),
        () = stop.cancelled() => Ok(()),
    };
    // At once, since the last words come only after the others' end.
    match outcome.as_ref().err() {
        None => log.line("lab", "stopping everything, the agent first"),
        Some(error) => {
            let how =
                error.downcast_ref::<Death>().map_or_else(|| error.to_string(), |death| death.how.clone());
            log.line("lab", &format!("{how}: stopping everything"));
        }
    }
    let left = crew.stop().await;
    log.line("lab", "all stopped");
    outcome?;
    if !left.is_empty() {
        anyhow::bail!("{}", left.join("; "));
    }
    Ok(())
}

impl Crew {
    /// Starts a child, and waits until it answers on this path.
    pub async fn start(&mut self, part: Part, program: &Program, ready: &str) -> anyhow::Result<()> {
        let child = Process::start(part.name(), program, &self.log)?;
        let url = format!("{}{ready}", self.ports.url(part));
        // Among the others before it is waited for: it has to be ended, too, if that is cut short.
        self.children.push(child);
        match self.children.last_mut() {
            Some(child) => child.ready(&self.client, &url).await,
            None => Ok(()),
        }
    }

    /// Begins a light load on the API; it ends with what is returned.
    pub async fn load(&self, rate: f64) -> anyhow::Result<DropGuard> {
        let working = CancellationToken::new();
        let guard = working.clone().drop_guard();
        let url = format!("{}/", self.ports.url(Part::Api)).parse()?;
        tokio::spawn(load::light(Target::new(&url, None).await?, rate, working));
        Ok(guard)
    }

    /// Waits until one of them dies, and says how.
    pub async fn first_death(&mut self) -> Death {
        let mut polls = tokio::time::interval(Duration::from_millis(100));
        loop {
            polls.tick().await;
            for child in &mut self.children {
                // An end that is there already is there at once.
                if let Ok(status) = tokio::time::timeout(Duration::from_millis(1), child.ended()).await {
                    return child.death(status).await;
                }
            }
        }
    }

    /// Ends all; says which left something. The agent goes first: its last push needs a gateway.
    async fn stop(&mut self) -> Vec<String> {
        let mut left = Vec::new();
        let began = SystemTime::now();
        if let Some(at) = self.children.iter().position(|child| child.name == Part::Agent.name()) {
            let mut agent = self.children.swap_remove(at);
            let ending = agent.stop(AGENT_GRACE).await;
            if ending == Ending::Clean && self.pushed_since(began).await {
                self.log.line("lab", "the agent's last push has arrived");
            }
            left.extend(told(agent.name, &ending));
        }
        let endings = join_all(self.children.iter_mut().map(async |child| {
            let ending = child.stop(GRACE).await;
            told(child.name, &ending)
        }));
        left.extend(endings.await.into_iter().flatten());
        left
    }

    async fn pushed_since(&self, began: SystemTime) -> bool {
        let url = self.ports.url(Part::Gateway);
        let time = watch::value(&self.client, &url, "push_time_seconds");
        // A gateway that does not answer has no time left to.
        let time = tokio::time::timeout(Duration::from_millis(300), time).await.ok().flatten();
        let began = began.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        time.is_some_and(|time| time >= began)
    }
}

fn told(name: &str, ending: &Ending) -> Option<String> {
    match ending {
        Ending::Clean | Ending::Earlier => None,
        Ending::Failed(status) => Some(format!("{name} did not finish ({status}): its last lines say why")),
        Ending::Killed => Some(format!("{name} had to be killed")),
    }
}
