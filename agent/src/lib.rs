//! The sidecar: sources are read on an interval, sinks get what they say, and neither waits for the other.
//!
//! ```text
//! scrape ─┐                 ┌─► push   (newest of each group, to each gateway)
//! host   ─┼─► Arc<Snapshot> ┤
//! own    ─┘                 └─► pull   (newest of each group, when asked)
//! ```
//!
//! - [`config`], [`identity`]: settings, and under which names things are sent
//! - [`sources`], [`discovery`], `relabel`, [`snapshot`]: what is read
//! - [`intake`], [`sinks`], [`backoff`]: what is sent, and what becomes of failures
//! - [`pipeline`]: the loops between them; [`stats`]: what the agent says of itself
//! - [`reap`]: the end of groups that nobody pushes any more
//! - [`exec`]: the agent as its app's parent; [`routes`], [`status`]: what its listener answers

pub mod backoff;
pub mod config;
pub mod discovery;
mod exchange;
pub mod exec;
pub mod identity;
pub mod intake;
pub mod pipeline;
pub mod reap;
mod relabel;
pub mod routes;
mod series;
pub mod sinks;
pub mod snapshot;
pub mod sources;
pub mod stats;
pub mod status;
mod transport;

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use service::server::{self, ServerSettings};
use service::web::Web;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Discovery, Endpoint, OnShutdown, Settings};
use crate::discovery::{Claims, Discover, List};
use crate::identity::Identity;
use crate::intake::Intake;
use crate::pipeline::{Hurry, Left, Times, Way};
use crate::routes::Flush;
use crate::sinks::pull::Pull;
use crate::sinks::push;
use crate::sources::Source;
use crate::stats::Stats;
use crate::status::events::Events;

/// How the agent is to run.
#[derive(Debug)]
pub enum Mode {
    /// Until it is told to stop, answering pulls here.
    Serve(TcpListener, Hurry, Events),
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
    let (sender, changes) = tokio::sync::mpsc::channel(16);
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    let keys = identity.targets.iter().chain([&identity.host, &identity.own]).cloned();
    let claims = Claims::new(keys, identity.names(&settings));
    let named = identity.names(&settings).into_iter().zip(identity.targets.clone());
    for (target, (name, key)) in settings.scrape.0.iter().zip(named) {
        let (stats, every) = (Arc::clone(&stats), settings.interval);
        let from: Box<dyn Discover> = match target.discovery {
            Discovery::None => {
                sources.push(Box::new(sources::scrape::Scrape::new(&name, target, None, key, stats)));
                continue;
            }
            Discovery::Dns => Box::new(discovery::Name::new(name, target, key, every, stats)?),
            Discovery::File | Discovery::Http => Box::new(List::new(target, key, claims.clone(), stats)?),
        };
        if matches!(mode, Mode::Once) {
            sources.extend(discovery::find(from).await);
        } else {
            tokio::spawn(discovery::watch(from, every, sender.clone(), stop.clone()));
        }
    }
    for (textfile, key) in settings.textfile.0.iter().zip(identity.textfiles.clone()) {
        let stats = Arc::clone(&stats);
        sources.push(Box::new(sources::textfile::Textfiles::new(textfile, settings.interval, key, stats)));
    }
    if settings.host.enabled {
        let (interval, key) = (settings.interval, identity.host.clone());
        sources.push(Box::new(sources::host::Host::new(&settings.host, interval, key, Arc::clone(&stats))));
    }
    sources.push(Box::new(sources::own::Own::new(identity.own.clone(), Arc::clone(&stats))));

    if matches!(mode, Mode::Once) {
        // Nothing ends here: what is left behind is to be scraped for as long as after any other push.
        settings.push.0.iter_mut().for_each(|endpoint| endpoint.on_shutdown = OnShutdown::Keep);
        stop.cancel();
    }
    let pull = Arc::new(Pull::new(sources.len()));
    let way = |endpoint: &Endpoint| {
        let intake = Arc::new(Intake::new(&endpoint.label(), Arc::clone(&stats)).each(settings.interval));
        Way::to(push::Push::new(endpoint, Arc::clone(&stats)), intake, &stop)
    };
    let ways: Vec<Way> = settings.push.0.iter().map(way).collect();
    let times = Times::new(settings.interval, settings.shutdown.grace, &identity.own);
    let Mode::Serve(listener, hurry, events) = mode else {
        let hurry = Hurry::none();
        return Ok(pipeline::run(times, sources, changes, &hurry, pull, ways, stop).await);
    };
    // The fallback outlives everything else: it answers until the last push is out.
    let done = CancellationToken::new();
    let web = settings.pull.web_config_file.as_deref().map(Web::open).transpose()?.map(Arc::new);
    let bounds = ServerSettings { web, grace: settings.shutdown.grace, ..ServerSettings::default() };
    let flush = Flush { hurry: hurry.clone(), intakes: ways.iter().map(Way::intake).collect() };
    let shown = status::Sources {
        pull: Arc::clone(&pull),
        intakes: flush.intakes.clone(),
        stats,
        events,
        identity: identity.own.to_string(),
        started: SystemTime::now(),
    };
    let (service, token) = (warp::service(routes::filter(shown, flush)), done.clone());
    let server =
        tokio::spawn(async move { server::serve(listener, service, &bounds, Arc::default(), token).await });
    let left = pipeline::run(times, sources, changes, &hurry, pull, ways, stop).await;
    done.cancel();
    server.await.context("the listener ended badly")??;
    Ok(left)
}
