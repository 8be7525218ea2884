//! The sidecar: sources are read on an interval, sinks get what they say, and neither waits for the other.
//!
//! ```text
//! scrape ─┐                 ┌─► push   (newest of each group, to each gateway)
//! host   ─┼─► Arc<Snapshot> ┤
//! own    ─┘                 ├─► remote write   (all of it, by a spool, to each receiver)
//!                           └─► pull   (newest of each group, when asked)
//! ```
//!
//! - [`config`], [`identity`]: settings, and under which names things are sent
//! - [`sources`], [`discovery`], `relabel`, [`snapshot`]: what is read
//! - [`intake`], [`sinks`], [`backoff`]: what is sent, and what becomes of failures
//! - [`pipeline`]: the loops between them; [`stats`]: what the agent says of itself
//! - [`spool`]: what waits for a receiver, on disk and over restarts
//! - [`reap`]: the end of groups that nobody pushes any more
//! - [`exec`]: the agent as its app's parent; [`routes`], [`status`]: what its listener answers
//! - [`reload`]: other settings while it runs; [`probe`], [`doctor`]: whether they will work, before and after

pub mod backoff;
pub mod config;
pub mod discovery;
pub mod doctor;
mod exchange;
pub mod exec;
pub mod identity;
pub mod intake;
mod listening;
pub mod pipeline;
mod plan;
pub mod probe;
pub mod reap;
mod relabel;
pub mod reload;
pub mod routes;
mod series;
pub mod sinks;
pub mod snapshot;
pub mod sources;
pub mod spool;
pub mod stats;
pub mod status;
mod transport;
mod unpack;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Ending, OnShutdown, Settings};
use crate::discovery::Claims;
use crate::identity::Identity;
use crate::listening::Listening;
use crate::pipeline::{Hurry, Left, Ways, Write};
use crate::plan::{Made, Plan};
use crate::reload::{Ask, Live, Reloads, Watch};
use crate::routes::Flush;
use crate::sinks::pull::Pull;
use crate::sinks::remote_write::Receiver;
use crate::stats::Stats;
use crate::status::events::Events;

/// How the agent is to run.
#[derive(Debug)]
pub enum Mode {
    /// Until it is told to stop, answering pulls here.
    Serve(TcpListener, Hurry, Events, Reloads),
    /// Every source is read once, and pushed; groups then live as long as after any push.
    Once,
}

/// Runs until `stop`, then collects and sends once more; says what was left undone.
pub async fn run(
    mut settings: Settings,
    identity: Identity,
    mode: Mode,
    stop: CancellationToken,
) -> anyhow::Result<Vec<Left>> {
    let stats = Arc::new(Stats::new().context("cannot set up the agent's own metrics")?);
    let (changing, changes) = tokio::sync::mpsc::channel(16);
    let is_once = matches!(mode, Mode::Once);
    let (since, stamp) = match &mode {
        Mode::Serve(_, hurry, ..) => (hurry.since(), hurry.stamp()),
        Mode::Once => (SystemTime::now(), None),
    };
    if is_once {
        // Nothing ends here: what is left behind is to be scraped for as long as after any other push.
        settings.push.0.iter_mut().for_each(|endpoint| endpoint.on_shutdown = OnShutdown::Keep);
        settings.remote_write.0.iter_mut().for_each(|receiver| receiver.on_shutdown = Ending::Keep);
    }
    let (plan, claims) = (Plan::new(&settings, &identity), Claims::default());
    plan.settle(&claims);
    let (mut sources, mut finders, mut unfound) = (Vec::new(), BTreeMap::new(), Vec::new());
    for (id, part) in &plan.parts {
        match part.make(&claims, &stats)? {
            Made::Source(mut source) => {
                // An app may have written its last words before this.
                if let Some(stamp) = stamp {
                    source.begins(stamp);
                }
                sources.push(source);
            }
            Made::Finder(mut finder) if is_once => {
                sources.extend(finder.find().await);
                unfound.extend(finder.failure().map(Left::Targets));
            }
            Made::Finder(finder) => {
                finders.insert(id.clone(), Watch::of(finder, plan.times, &changing, &stop));
            }
        }
    }
    if is_once {
        stop.cancel();
    }
    let pull = Arc::new(Pull::new(sources.len()));
    let ways =
        plan.endpoints.values().map(|endpoint| reload::way(endpoint, plan.times, &stats, &stop, is_once));
    let (times, ways) = (plan.times, Ways::new(ways.collect()));
    let mut writes = Vec::new();
    for receiver in plan.receivers.values() {
        let opened = Receiver::open(receiver, &stats, since)?;
        if is_once {
            opened.0.insists();
        }
        writes.push(Write::to(opened, &stop));
    }
    let Mode::Serve(listener, hurry, events, reloads) = mode else {
        let hurry = Hurry::none();
        unfound.extend(pipeline::run(times, sources, changes, &hurry, pull, (ways, writes), stop).await);
        return Ok(unfound);
    };
    tokio::spawn(service::resident::tend());
    let (ask, asked) = Ask::new();
    let flush = Flush { hurry: hurry.clone(), intakes: ways.intakes() };
    let shown = status::Sources {
        pull: Arc::clone(&pull),
        intakes: ways.intakes(),
        stats: Arc::clone(&stats),
        events,
        identity: identity.own.to_string(),
        started: SystemTime::now(),
    };
    let service = warp::service(routes::filter(shown, flush, ask));
    let web = listening::web(plan.web.as_deref()).map_err(anyhow::Error::msg)?;
    // The fallback outlives everything else: it answers until the last push is out.
    let listening = Listening::on(listener, web, service).context("cannot listen")?;
    let live = Live { plan, stats, changes: changing, finders, claims, listening, stop: stop.clone() };
    let live = tokio::spawn(reload::serve(live, reloads, asked, stop.clone()));
    let left = pipeline::run(times, sources, changes, &hurry, pull, (ways, writes), stop).await;
    let live = live.await.context("the reloads ended badly")?;
    live.listening.end(live.plan.times.grace).await?;
    Ok(left)
}
