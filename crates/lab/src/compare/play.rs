//! Plays one scenario: its stage, its watchers, its instances, what happens to them, and what is seen.

use std::net::SocketAddr;
use std::path::Path as Folder;
use std::sync::Arc;

use anyhow::Context;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bill;
use super::cast;
use super::costs::Meter;
use super::direction::{Direction, Pods};
use super::observe;
use super::observed::{Observed, Pod};
use super::path::Path;
use super::pod::{self, Lived, Place, now, truth};
use super::poll::{Places, Polling};
use super::scenario::{Exit, Fault, Scenario, Times};
use super::schedule::{self, Planned};
use super::stage::Stage;
use super::watchers::{Target, Watchers};
use crate::process::Log;

/// Below this share of the rate that was asked for, a run says so.
const REACHED: f64 = 0.98;

/// What is played, and where its files are.
#[derive(Debug, Clone)]
pub struct Act {
    /// The scenario.
    pub scenario: Scenario,
    /// The intervals.
    pub times: Times,
    /// All its random choices come from this.
    pub seed: u64,
}

/// Plays it; whatever happens, nothing that it started is left.
///
/// # Errors
///
/// Where a part cannot be started or dies on its own; also where `stop` came first.
pub async fn play(
    act: &Act,
    folder: &Folder,
    log: &Log,
    stop: &CancellationToken,
) -> anyhow::Result<Observed> {
    let (name, network) = (act.scenario.name, act.scenario.network);
    let cuts = act.scenario.faults.iter().any(|fault| matches!(fault, Fault::LinkCut { .. }));
    // It blocks, and other lanes are at work.
    let stage = spawn_blocking(move || Stage::build(name, network, cuts)).await??;
    let planned = schedule::of(&act.scenario, act.seed);
    let mut pods = JoinSet::new();
    let played = tokio::select! {
        played = scene(act, &stage, &planned, folder, log, &mut pods) => played,
        () = stop.cancelled() => Err(anyhow::anyhow!("interrupted")),
    };
    // What an error or a signal cut short: the processes end with their tasks.
    pods.shutdown().await;
    spawn_blocking(move || drop(stage)).await?;
    played
}

async fn scene(
    act: &Act,
    stage: &Stage,
    planned: &[Planned],
    folder: &Folder,
    log: &Log,
    pods: &mut Pods,
) -> anyhow::Result<Observed> {
    let Act { scenario, times, .. } = act;
    let targets: Vec<Target> = planned
        .iter()
        .enumerate()
        .map(|(number, pod)| Target { address: cast::address(stage, number), instance: pod.instance.clone() })
        .collect();
    let mut watchers = Watchers::start(stage, times, &scenario.paths, &targets, folder, log).await?;
    let receivers: Vec<(Path, SocketAddr)> =
        scenario.paths.iter().filter_map(|path| Some((*path, watchers.receiver_address(*path)?))).collect();
    let mut waiting = Vec::new();
    for (number, pod) in planned.iter().enumerate() {
        waiting.push(cast::pod(stage, times, folder, number, pod, &receivers)?);
    }
    watchers.wait_up().await?;

    let mut observed = Observed {
        scrape_interval: times.scrape,
        push_interval: times.push,
        lookback: times.lookback,
        began: now(),
        paths: scenario.paths.clone(),
        ..Observed::default()
    };
    let place = Arc::new(Place {
        times: *times,
        began: Instant::now(),
        log: log.clone(),
        meter: Meter::default(),
        calm: CancellationToken::new(),
        closing: CancellationToken::new(),
    });
    let places: Vec<(Path, Places)> =
        scenario.paths.iter().map(|path| (*path, places(*path, planned))).collect();
    let servers: Vec<_> = places
        .iter()
        .map(|(path, places)| Ok((*path, watchers.prometheus(*path)?.clone(), places.clone())))
        .collect::<anyhow::Result<_>>()?;
    let polling = Polling::begin(servers);
    let truths: Vec<_> = waiting.iter().map(|pod| pod.truth.clone()).collect();
    for (number, pod) in waiting.into_iter().enumerate() {
        let place = Arc::clone(&place);
        pods.spawn(async move { (number, pod.live(place).await) });
    }
    let mut direction = Direction {
        scenario,
        stage,
        watchers,
        planned,
        receivers,
        place: Arc::clone(&place),
        counting: None,
    };
    direction.run(&mut observed, pods).await?;
    let (watchers, counted) = (direction.watchers, direction.counting);

    // Polls go on until the end queries begin, which would otherwise wait in the same queue.
    let (polls, notes) = polling.end().await;
    observed.ended = polls.last().map_or(observed.began, |poll| poll.ended);
    (observed.polls, observed.notes) = (polls, notes);
    let at = now();
    let window = (observed.began, observed.began + scenario.seconds);
    for (path, places) in &places {
        let server = watchers.prometheus(*path)?;
        observed.raw.extend(observe::raw(*path, server, places, at).await?);
        if !scenario.faults.is_empty() {
            observed.rates.extend(observe::rates(*path, server, places, times.scrape, window).await?);
        }
    }
    place.closing.cancel();
    observed.pods = vec![Pod::default(); planned.len()];
    let mut lived = Vec::new();
    while let Some(ended) = pods.join_next().await {
        let (number, one) = ended.context("an instance's task")?;
        lived.push((number, one?));
    }
    tell(&mut observed, scenario, planned, times, &lived);
    for (pod, file) in observed.pods.iter_mut().zip(truths) {
        pod.truth = truth(&file)?;
    }
    if let Some(from) = counted.map(|reading| reading.at()) {
        for cost in &mut observed.costs {
            cost.pods = bill::alive(&observed.pods, from, from + cost.seconds);
        }
    }
    watchers.stop().await;
    Ok(observed)
}

/// By which label an instance is known: replicas that push under one name are told apart only by pulling.
fn places(path: Path, planned: &[Planned]) -> Places {
    let mut places = Places::new();
    for (number, pod) in planned.iter().enumerate() {
        let name = if path.pulls() { &pod.instance } else { &pod.group };
        places.entry(name.clone()).or_insert(number);
    }
    places
}

/// What the instances' tasks say becomes what was observed of them.
fn tell(
    observed: &mut Observed,
    scenario: &Scenario,
    planned: &[Planned],
    times: &Times,
    lived: &[(usize, Lived)],
) {
    let (mut asked, mut answered) = (0.0, 0.0);
    for (number, lived) in lived {
        let plan = &planned[*number];
        let pod = &mut observed.pods[*number];
        (pod.cohort, pod.born) = (plan.cohort, lived.born);
        pod.exited = lived.exited.map(|at| (at, plan.exit));
        observed.notes.extend(lived.notes.iter().cloned());
        let signal = lived.exited.filter(|_| plan.exit != Exit::AgentKill);
        asked += lived.sent.asked(times.rate, signal.map(|at| at - pod::after(plan.exit, times)));
        answered += lived.sent.answered as f64;
    }
    if answered < REACHED * asked {
        let reached = times.rate * answered / asked;
        observed.notes.push(format!(
            "{}: {} events a second were asked of each instance, {reached:.1} were reached",
            scenario.name, times.rate
        ));
    }
}
