//! The sidecar: sources are read on an interval, sinks get what they say, and neither waits for the other.
//!
//! ```text
//! scrape ─┐                 ┌─► push   (newest of each group, to each gateway)
//! host   ─┼─► Arc<Snapshot> ┤
//! own    ─┘                 └─► pull   (newest of each group, when asked)
//! ```
//!
//! - [`config`], [`identity`]: settings, and under which names things are sent
//! - [`sources`], [`discovery`], [`snapshot`]: what is read
//! - [`intake`], [`sinks`], [`backoff`]: what is sent, and what becomes of failures
//! - [`pipeline`]: the loops between them; [`stats`]: what the agent says of itself
//! - [`exec`]: the agent as its app's parent; [`routes`]: what its listener answers
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
pub mod reload;
pub mod routes;
mod series;
pub mod sinks;
pub mod snapshot;
pub mod sources;
pub mod stats;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{OnShutdown, Settings};
use crate::identity::Identity;
use crate::listening::Listening;
use crate::pipeline::{Hurry, Left, Ways};
use crate::plan::{Made, Plan};
use crate::reload::{Ask, Live, Reloads, Watch};
use crate::routes::Flush;
use crate::sinks::pull::Pull;
use crate::stats::Stats;

/// How the agent is to run.
#[derive(Debug)]
pub enum Mode {
    /// Until it is told to stop, answering pulls here.
    Serve(TcpListener, Hurry, Reloads),
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
    if is_once {
        // Nothing ends here: what is left behind is to be scraped for as long as after any other push.
        settings.push.0.iter_mut().for_each(|endpoint| endpoint.on_shutdown = OnShutdown::Keep);
    }
    let plan = Plan::new(&settings, &identity);
    let (mut sources, mut names) = (Vec::new(), BTreeMap::new());
    for part in plan.parts.values() {
        match part.make(&stats)? {
            Made::Source(source) => sources.push(source),
            Made::Name(mut name) if is_once => sources.extend(name.find().await),
            Made::Name(name) => {
                let watch = Watch::of(*name, plan.times, &changing, &stop);
                names.insert(part.key.clone(), watch);
            }
        }
    }
    if is_once {
        stop.cancel();
    }
    let pull = Arc::new(Pull::new(sources.len(), Arc::clone(&stats)));
    let ways = plan.endpoints.values().map(|endpoint| reload::way(endpoint, &stats, &stop));
    let (times, ways) = (plan.times, Ways::new(ways.collect()));
    let Mode::Serve(listener, hurry, reloads) = mode else {
        let hurry = Hurry::none();
        return Ok(pipeline::run(times, sources, changes, &hurry, pull, ways, stop).await);
    };
    let (ask, asked) = Ask::new();
    let flush = Flush { hurry: hurry.clone(), intakes: ways.intakes() };
    let service = warp::service(routes::filter(Arc::clone(&pull), flush, ask));
    // The fallback outlives everything else: it answers until the last push is out.
    let listening = Listening::on(listener, service);
    let live = Live { plan, stats, changes: changing, names, listening, stop: stop.clone() };
    let live = tokio::spawn(reload::serve(live, reloads, asked, stop.clone()));
    let left = pipeline::run(times, sources, changes, &hurry, pull, ways, stop).await;
    let live = live.await.context("the reloads ended badly")?;
    live.listening.end(live.plan.times.grace).await?;
    Ok(left)
}
