//! The one accept loop of every server here, around a Warp filter or any other service.
//!
//! Warp's own server has no header timeout, no cap on connections, no TLS and no deadline for
//! stopping; this loop has them, and hands each request the address of its peer.

mod tls;

pub use tls::{TlsError, TlsSettings};

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use crate::stop::{self, Drained};

/// The bounds of a server.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Connections at once; one more is answered 503 and closed.
    pub max_connections: usize,
    /// Time for a TLS handshake, and for the head of each request.
    pub header_timeout: Duration,
    /// Time that requests under way get when the server stops.
    pub grace: Duration,
    /// Certificates, where the server speaks TLS.
    pub tls: Option<TlsSettings>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { max_connections: 1024, header_timeout: seconds(10), grace: seconds(10), tls: None }
    }
}

/// The address of a request's peer, among the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// What became of connections, for the server's own metrics.
#[derive(Debug, Default)]
pub struct ServerStats {
    /// Connections accepted.
    pub accepted: AtomicU64,
    /// Connections refused because the cap was reached.
    pub refused: AtomicU64,
    /// TLS handshakes that failed or took too long.
    pub handshakes_failed: AtomicU64,
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
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    settings: &ServerSettings,
    stats: Arc<ServerStats>,
    stop: CancellationToken,
) -> Result<Drained, TlsError>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let acceptor = settings.tls.as_ref().map(TlsSettings::acceptor).transpose()?;
    let places = Arc::new(Semaphore::new(settings.max_connections));
    let connections = TaskTracker::new();
    // Ends what outlives its grace.
    let cut = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                stats.accept_errors.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%error, "cannot accept a connection; trying again");
                // Out of file descriptors, accept fails at once and for ever: do not spin.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        stats.accepted.fetch_add(1, Ordering::Relaxed);
        // Without it, Nagle and delayed acknowledgements stall pipelined answers by 40 ms.
        let _ = stream.set_nodelay(true);
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            stats.refused.fetch_add(1, Ordering::Relaxed);
            connections.spawn(refuse(stream, settings.header_timeout));
            continue;
        };
        let (service, acceptor) = (service.clone(), acceptor.clone());
        let (stop, cut, stats) = (stop.clone(), cut.clone(), Arc::clone(&stats));
        let header_timeout = settings.header_timeout;
        connections.spawn(async move {
            let _place = place;
            let served = async {
                let Some(acceptor) = acceptor else {
                    return connection(stream, peer, service, header_timeout, stop).await;
                };
                match tokio::time::timeout(header_timeout, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => connection(stream, peer, service, header_timeout, stop).await,
                    _ => {
                        stats.handshakes_failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            };
            tokio::select! {
                () = served => {}
                () = cut.cancelled() => {}
            }
        });
    }
    drop(listener);
    let drained = stop::drain(&connections, settings.grace).await;
    cut.cancel();
    connections.wait().await;
    Ok(drained)
}

async fn connection<I, S, B>(
    stream: I,
    peer: SocketAddr,
    service: S,
    header_timeout: Duration,
    stop: CancellationToken,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let mut service = service.clone();
        async move {
            // A service may want to be asked whether it is ready first.
            std::future::poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request).await
        }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .max_buf_size(64 << 10)
            .serve_connection(TokioIo::new(stream), service)
    );
    // A peer that goes away or times out is its own affair.
    tokio::select! {
        result = connection.as_mut() => drop(result),
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Says why before closing, so that an operator sees a reason and not a reset.
async fn refuse(mut stream: TcpStream, limit: Duration) {
    const ANSWER: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n\
                          connection: close\r\ncontent-length: 45\r\n\r\n{\"error\":\"too many connections\",\"status\":503}";
    let answered = async {
        stream.write_all(ANSWER.as_bytes()).await?;
        stream.shutdown().await
    };
    let _ = tokio::time::timeout(limit, answered).await;
}
