//! The one accept loop of every server here, around a Warp filter or any other service.
//!
//! Warp's own server has no header timeout, no cap on connections, no TLS and no deadline for
//! stopping; this loop has them, and hands each request the address of its peer.

mod connection;
mod files;
mod listeners;
mod phase;
mod stall;
mod tls;

pub use listeners::Listeners;
pub use tls::{TlsError, TlsSettings};

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use crate::stop::{self, Drained};
use crate::web::Web;
use connection::Shared;

/// The most connections that a cap can name: what a semaphore can count.
pub const MAX_CONNECTIONS: usize = Semaphore::MAX_PERMITS;

/// The bounds of a server.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Connections at once; one more is answered 503 and closed.
    pub max_connections: usize,
    /// Time for a TLS handshake, and for the head of each request from its first byte on.
    pub header_timeout: Duration,
    /// How long a connection may stay between two requests. It should be longer than any client's
    /// interval: one that closes as a request comes looks like a failure to whoever sent it.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of its answer before the connection ends.
    pub write_timeout: Duration,
    /// Whether a client that closes its side after its request still waits for the answer. Where it
    /// does, one that leaves early is only noticed when it is answered.
    pub half_close: bool,
    /// Time that requests under way get when the server stops.
    pub grace: Duration,
    /// Certificates, where the server speaks TLS.
    pub tls: Option<TlsSettings>,
    /// TLS and users from a file, in place of `tls`.
    pub web: Option<Arc<Web>>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            max_connections: 1024,
            header_timeout: seconds(10),
            idle_timeout: seconds(120),
            write_timeout: seconds(30),
            half_close: false,
            grace: seconds(10),
            tls: None,
            web: None,
        }
    }
}

/// The address of a request's peer, among the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The user whose password a request brought, among the request's extensions; none where there are no users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User(pub Arc<str>);

/// What became of connections, for the server's own metrics.
#[derive(Debug, Default)]
pub struct ServerStats {
    /// Connections accepted.
    pub accepted: AtomicU64,
    /// Connections refused because the cap was reached.
    pub refused: AtomicU64,
    /// TLS handshakes that failed or took too long.
    pub handshakes_failed: AtomicU64,
    /// Requests without the name and password of a user.
    pub unauthorized: AtomicU64,
    /// Requests whose passwords were not looked at, since too many of the same asker waited for that.
    pub logins_refused: AtomicU64,
    /// Connections that ended because a head did not come in time.
    pub slow_heads: AtomicU64,
    /// Times that accepting itself failed, as when file descriptors run out.
    pub accept_errors: AtomicU64,
}

/// An address that cannot be listened on.
#[derive(Debug, Error)]
#[error("cannot listen on {address}: {reason}; {hint}")]
pub struct BindError {
    address: SocketAddr,
    reason: io::Error,
    hint: String,
}

/// Binds a listener; `hint` says which setting chooses another address.
pub async fn bind(address: SocketAddr, hint: &str) -> Result<TcpListener, BindError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|reason| BindError { address, reason, hint: hint.to_owned() })
}

/// Serves until `stop`, then gives requests under way their grace; says how many were cut.
///
/// Connections without a whole request end at the stop.
pub async fn serve<S, B>(
    listeners: impl Into<Listeners>,
    service: S,
    settings: &ServerSettings,
    stats: Arc<ServerStats>,
    stop: CancellationToken,
) -> Result<Drained, TlsError>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut listeners = listeners.into();
    let shared = Shared {
        service,
        acceptor: settings.tls.as_ref().map(TlsSettings::acceptor).transpose()?,
        web: settings.web.clone(),
        header_timeout: settings.header_timeout,
        idle_timeout: settings.idle_timeout,
        write_timeout: settings.write_timeout,
        half_close: settings.half_close,
        stop: stop.clone(),
        stats: Arc::clone(&stats),
    };
    let places = files::connections(settings.max_connections).min(MAX_CONNECTIONS);
    let places = Arc::new(Semaphore::new(places));
    let connections = TaskTracker::new();
    // Ends what outlives its grace.
    let cut = CancellationToken::new();
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = listeners.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                stats.accept_errors.fetch_add(1, Ordering::Relaxed);
                // One line a burst: twenty a second would say no more.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "cannot accept connections; trying again until it can");
                }
                // Out of file descriptors, accept fails at once and for ever: do not spin.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        if std::mem::take(&mut failing) {
            tracing::info!("connections are accepted again");
        }
        stats.accepted.fetch_add(1, Ordering::Relaxed);
        // Without it, Nagle and delayed acknowledgements stall pipelined answers by 40 ms.
        let _ = stream.set_nodelay(true);
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            stats.refused.fetch_add(1, Ordering::Relaxed);
            connections.spawn(connection::refuse(stream, settings.header_timeout, stop.clone()));
            continue;
        };
        let (shared, cut) = (shared.clone(), cut.clone());
        connections.spawn(async move {
            let _place = place;
            tokio::select! {
                () = connection::serve(stream, peer, shared) => {}
                () = cut.cancelled() => {}
            }
        });
    }
    drop(listeners);
    let drained = stop::drain(&connections, settings.grace).await;
    cut.cancel();
    connections.wait().await;
    Ok(drained)
}
