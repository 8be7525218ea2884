//! A gateway that keeps the Pushgateway's contract and lets groups expire.
//!
//! - [`groups`]: the rules, pure: time is an argument, and nothing locks or waits
//! - [`push`]: a pushed body made ready for them, outside of any lock
//! - [`store`]: the groups behind a lock, with the task that lets them expire
//! - [`routes`], [`target`]: HTTP translated to those values; [`work`]: what is done beside it
//! - [`persistence`]: groups that outlive a restart
//! - [`selector`], [`listing`]: which groups are meant, and a page of them
//! - [`persistence`]: groups that outlive a restart
//! - [`stats`], [`page`]: what the gateway says of itself

pub mod families;
pub mod groups;
pub mod listing;
pub mod page;
pub mod persistence;
pub mod push;
pub mod query;
pub mod routes;
pub mod selector;
pub mod settings;
pub mod stats;
pub mod store;
pub mod target;
pub mod work;

use std::sync::Arc;

use service::server::{self, ServerStats};
use service::stop::Drained;
use tokio::net::TcpListener;
use tokio::signal::unix::SignalKind;
use tokio_util::sync::CancellationToken;

use crate::routes::Gateway;
use crate::settings::Settings;

/// What a process is sent that writes beyond its limit.
const SIGXFSZ: i32 = rustix::process::Signal::XFSZ.as_raw();

/// Serves on a bound listener until `stop`; says whether everything under way was finished.
pub async fn run(
    listener: TcpListener,
    settings: Settings,
    stop: CancellationToken,
) -> anyhow::Result<Drained> {
    let server = settings.server();
    // Where a file may be no larger than a limit, a write that says so is no reason to die.
    let _too_large = tokio::signal::unix::signal(SignalKind::from_raw(SIGXFSZ))?;
    let (gateway, opened) = Gateway::open(settings, stop.clone())?;
    let gateway = Arc::new(gateway);
    let kept = opened.map(|opened| opened.start(gateway.store.clone())).transpose()?;
    let expiry = tokio::spawn(Arc::clone(&gateway.store).expire_until(stop.clone()));
    let service = warp::service(routes::filter(gateway));
    let drained = server::serve(listener, service, &server, Arc::new(ServerStats::default()), stop).await?;
    expiry.await?;
    if let Some(kept) = kept {
        tokio::task::spawn_blocking(|| kept.close()).await?;
    }
    Ok(drained)
}
