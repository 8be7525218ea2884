//! A gateway that keeps the Pushgateway's contract and lets groups expire.
//!
//! - [`groups`]: the rules, pure: time is an argument, and nothing locks or waits
//! - [`policy`]: what the settings file and a push itself say of lifetimes, origins and sums
//! - [`push`]: a pushed body made ready for them, outside of any lock
//! - [`store`]: the groups behind a lock, with the task that lets them expire
//! - [`routes`], [`target`]: HTTP translated to those values; [`work`]: what is done beside it
//! - [`rights`]: who may do what; [`listening`]: where
//! - [`selector`], [`listing`]: which groups are meant, and a page of them
//! - [`persistence`]: groups that outlive a restart
//! - [`stats`], [`page`]: what the gateway says of itself

pub mod families;
pub mod groups;
pub mod listening;
pub mod listing;
pub mod page;
pub mod persistence;
pub mod policy;
pub mod push;
pub mod query;
pub mod rights;
pub mod routes;
pub mod selector;
pub mod settings;
pub mod stats;
pub mod store;
pub mod target;
pub mod work;

use std::sync::Arc;

use service::resident;
use service::server::{self, Listeners, ServerSettings};
use service::stop::Drained;
use tokio::signal::unix::{Signal, SignalKind};
use tokio_util::sync::CancellationToken;

use crate::persistence::Opened;
use crate::persistence::disk::{Disk, RealDisk};
use crate::routes::Gateway;
use crate::settings::Settings;

/// What a process is sent that writes beyond its limit.
const SIGXFSZ: i32 = rustix::process::Signal::XFSZ.as_raw();

/// Serves on bound listeners until `stop`; says whether everything under way was finished. SIGHUP
/// reads the settings file again, if there is one.
pub async fn run(
    listeners: impl Into<Listeners>,
    settings: Settings,
    stop: CancellationToken,
) -> anyhow::Result<Drained> {
    run_on(listeners, settings, stop, Arc::new(RealDisk)).await
}

/// The same with the groups on a disk of the caller's.
pub async fn run_on(
    listeners: impl Into<Listeners>,
    settings: Settings,
    stop: CancellationToken,
    disk: Arc<dyn Disk>,
) -> anyhow::Result<Drained> {
    open(settings, stop, disk)?.serve(listeners).await
}

/// Reads the settings file and the groups that were kept. Nothing is written yet.
///
/// # Errors
/// Something is wrong with the settings, or what is kept cannot be read or is in use.
pub fn open(settings: Settings, stop: CancellationToken, disk: Arc<dyn Disk>) -> anyhow::Result<Ready> {
    let server = settings.server();
    // Where a file may be no larger than a limit, a write that says so is no reason to die.
    let too_large = tokio::signal::unix::signal(SignalKind::from_raw(SIGXFSZ))?;
    let (gateway, opened) = Gateway::open(settings, stop.clone(), disk)?;
    Ok(Ready { gateway: Arc::new(gateway), opened, server, stop, _too_large: too_large })
}

/// A gateway of which nobody knows yet.
#[derive(Debug)]
pub struct Ready {
    gateway: Arc<Gateway>,
    opened: Option<Opened>,
    server: ServerSettings,
    stop: CancellationToken,
    _too_large: Signal,
}

impl Ready {
    /// Serves on bound listeners until it is to stop; says whether everything under way was finished.
    ///
    /// # Errors
    /// A thread or a handler of a signal cannot be had.
    pub async fn serve(self, listeners: impl Into<Listeners>) -> anyhow::Result<Drained> {
        let Self { gateway, opened, server, stop, _too_large } = self;
        let kept = opened.map(|opened| opened.start(gateway.store.clone())).transpose()?;
        let reloaded = Arc::clone(&gateway);
        let hangups = tokio::spawn(policy::at_hangup(stop.clone(), move || reloaded.hung_up()));
        tokio::spawn(resident::tend());
        let expiry = tokio::spawn(Arc::clone(&gateway.store).expire_until(stop.clone()));
        let connections = gateway.connections();
        let service = warp::service(routes::filter(gateway));
        let drained = server::serve(listeners, service, &server, connections, stop).await?;
        expiry.await?;
        hangups.await??;
        if let Some(kept) = kept {
            tokio::task::spawn_blocking(|| kept.close()).await?;
        }
        Ok(drained)
    }
}
