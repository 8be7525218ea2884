//! The article's API on Warp: a greeting after simulated work, with every metric of the article.
//!
//! - [`config`]: what can be set
//! - [`routes`], [`handlers`]: what is answered
//! - [`front`]: what every request passes first: instruments, limits, HEAD
//! - [`metrics`], [`self_collect`]: what is measured
//! - [`limits`]: who is turned away
//! - [`truth`]: a record of each event, for measuring what monitoring loses

pub mod config;
pub mod front;
pub mod handlers;
pub mod limits;
pub mod metrics;
pub mod routes;
pub mod self_collect;
pub mod truth;

use std::sync::Arc;

use anyhow::Context;
use prometheus::Registry;
use service::server::{self, ServerStats};
use service::stop::Drained;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::metrics::{Instruments, Metrics, Nothing};
use crate::truth::Recorded;

/// Serves on a bound listener until `stop`; says whether everything under way was finished.
pub async fn run(
    listener: TcpListener,
    settings: &Settings,
    stop: CancellationToken,
) -> anyhow::Result<Drained> {
    let registry = Registry::new();
    let metrics = Metrics::new(&registry).context("cannot set up the metrics")?;
    let stats = Arc::new(ServerStats::default());
    registry.register(metrics::connections(Arc::clone(&stats))?)?;
    let collector = self_collect::start(&registry, stop.child_token()).await?;
    let drained = match &settings.truth.file {
        None => serve(listener, settings, &registry, metrics, stats, stop).await?,
        Some(file) => {
            let recorded = Recorded::new(metrics, file)
                .with_context(|| format!("truth.file: cannot append to {}", file.display()))?;
            serve(listener, settings, &registry, recorded, stats, stop).await?
        }
    };
    collector.await.context("the collection of the process' own metrics ended badly")?;
    Ok(drained)
}

/// The same without any instrument and with an empty `/metrics`, to measure what instruments cost.
pub async fn run_bare(
    listener: TcpListener,
    settings: &Settings,
    stop: CancellationToken,
) -> anyhow::Result<Drained> {
    serve(listener, settings, &Registry::new(), Nothing, Arc::default(), stop).await
}

async fn serve<I: Instruments>(
    listener: TcpListener,
    settings: &Settings,
    registry: &Registry,
    instruments: I,
    stats: Arc<ServerStats>,
    stop: CancellationToken,
) -> anyhow::Result<Drained> {
    let linger = settings.shutdown.linger;
    let mut limits = limits::Limits::new(&settings.limits);
    if !linger.is_zero() {
        limits = limits.until(stop.clone());
    }
    let routes = routes::service(settings, registry, instruments.clone(), limits.clone(), stop.clone());
    let service = front::Front::new(routes, instruments, limits);
    let (closed, bounds) = (CancellationToken::new(), settings.server());
    let closing = async {
        stop.cancelled().await;
        tokio::time::sleep(linger).await;
        closed.cancel();
        std::future::pending().await
    };
    tokio::select! {
        drained = server::serve(listener, service, &bounds, stats, closed.clone()) => Ok(drained?),
        never = closing => never,
    }
}
