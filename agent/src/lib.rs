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

pub mod backoff;
pub mod config;
pub mod discovery;
mod exchange;
pub mod identity;
pub mod intake;
pub mod pipeline;
mod series;
pub mod sinks;
pub mod snapshot;
pub mod sources;
pub mod stats;

use std::sync::Arc;

use anyhow::Context;
use service::server::{self, ServerSettings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Discovery, Settings};
use crate::identity::Identity;
use crate::intake::Intake;
use crate::pipeline::{Left, Times};
use crate::sinks::{pull, push};
use crate::sources::Source;
use crate::stats::Stats;

/// Runs until `stop`, then collects and sends once more; says what was left undone.
pub async fn run(
    settings: Settings,
    identity: Identity,
    listener: TcpListener,
    stop: CancellationToken,
) -> anyhow::Result<Vec<Left>> {
    let stats = Arc::new(Stats::new().context("cannot set up the agent's own metrics")?);
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    let (sender, changes) = tokio::sync::mpsc::channel(16);
    let named = identity.names(&settings).into_iter().zip(identity.targets.clone());
    for (target, (name, key)) in settings.scrape.0.iter().zip(named) {
        if target.discovery == Discovery::Dns {
            let name = discovery::Name::new(name, target, key, Arc::clone(&stats))?;
            tokio::spawn(name.watch(settings.interval, sender.clone(), stop.clone()));
        } else {
            sources.push(Box::new(sources::scrape::Scrape::new(
                &name,
                target,
                None,
                key,
                Arc::clone(&stats),
            )));
        }
    }
    if settings.host.enabled {
        sources.push(Box::new(sources::host::Host::new(
            &settings.host,
            settings.interval,
            identity.host.clone(),
            Arc::clone(&stats),
        )));
    }
    sources.push(Box::new(sources::own::Own::new(identity.own.clone(), Arc::clone(&stats))));

    let pull = Arc::new(pull::Pull::new(sources.len(), Arc::clone(&stats)));
    let mut intakes = Vec::new();
    let mut sinks = Vec::new();
    for endpoint in &settings.push.0 {
        let intake = Arc::new(Intake::new(&endpoint.label(), Arc::clone(&stats)).each(settings.interval));
        let sink = push::Push::new(endpoint, Arc::clone(&stats));
        sinks.push(pipeline::send(sink, Arc::clone(&intake), &stop));
        intakes.push(intake);
    }

    // The fallback outlives everything else: it answers until the last push is out.
    let done = CancellationToken::new();
    let bounds = ServerSettings { grace: settings.shutdown.grace, ..ServerSettings::default() };
    let (service, token) = (warp::service(pull::filter(Arc::clone(&pull))), done.clone());
    let server =
        tokio::spawn(async move { server::serve(listener, service, &bounds, Arc::default(), token).await });
    let times = Times::new(settings.interval, settings.shutdown.grace, &identity.own);
    let left = pipeline::run(times, sources, changes, pull, intakes, sinks, stop).await;
    done.cancel();
    server.await.context("the listener ended badly")??;
    Ok(left)
}
