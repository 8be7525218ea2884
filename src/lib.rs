//! The article's API on Warp: a greeting after simulated work, with every metric of the article.
//!
//! - [`config`]: what can be set
//! - [`routes`], [`handlers`]: what is answered
//! - [`front`]: what every request passes first: instruments, limits, HEAD
//! - [`metrics`], [`summary`], [`self_collect`]: what is measured
//! - [`limits`]: who is turned away

pub mod config;
pub mod front;
pub mod handlers;
pub mod limits;
pub mod metrics;
pub mod routes;
pub mod self_collect;
pub mod summary;

use std::sync::Arc;

use anyhow::Context;
use prometheus::Registry;
use service::server::{self, ServerStats};
use service::stop::Drained;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::metrics::Metrics;

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
    let limits = limits::Limits::new(&settings.limits);
    let routes = routes::service(settings, &registry, metrics.clone(), limits.clone(), stop.clone());
    let service = front::Front::new(routes, metrics, limits);
    let drained = server::serve(listener, service, &settings.server(), stats, stop).await?;
    collector.await.context("the collection of the process' own metrics ended badly")?;
    Ok(drained)
}
