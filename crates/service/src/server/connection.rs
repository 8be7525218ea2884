//! One connection, from its acceptance to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::phase::{Answer, Phase, Watched};
use super::stall::Stall;
use super::{Peer, ServerStats, User};
use crate::web::{Web, Who};

/// What all connections of a server share.
#[derive(Clone)]
pub(super) struct Shared<S> {
    pub(super) service: S,
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) web: Option<Arc<Web>>,
    pub(super) header_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) half_close: bool,
    pub(super) stop: CancellationToken,
    pub(super) stats: Arc<ServerStats>,
}

/// Serves one connection until its end, or until `stop` and the end of the request under way.
pub(super) async fn serve<S, B>(stream: TcpStream, peer: SocketAddr, shared: Shared<S>)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let acceptor = match &shared.web {
        Some(web) => web.current().await.acceptor.clone(),
        None => shared.acceptor.clone(),
    };
    let Some(acceptor) = acceptor else { return plain(stream, peer, shared).await };
    let handshake = tokio::time::timeout(shared.header_timeout, acceptor.accept(stream));
    tokio::select! {
        shaken = handshake => match shaken {
            Ok(Ok(stream)) => plain(stream, peer, shared).await,
            _ => drop(shared.stats.handshakes_failed.fetch_add(1, Ordering::Relaxed)),
        },
        () = shared.stop.cancelled() => {}
    }
}

async fn plain<I, S, B>(stream: I, peer: SocketAddr, shared: Shared<S>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Shared { service, web, header_timeout, idle_timeout, write_timeout, half_close, stop, stats, .. } =
        shared;
    let seen_by = Arc::clone(&stats);
    let phase = Phase::new();
    let seen = phase.clone();
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        if request.uri().path_and_query().is_none() {
            // `CONNECT host:port` has no path, on which Warp's filters insist.
            *request.uri_mut() = Uri::default();
        }
        let working = seen.working();
        let (mut service, web, stats) = (service.clone(), web.clone(), Arc::clone(&seen_by));
        async move {
            let web = match web {
                Some(web) => Some(web.current().await),
                None => None,
            };
            if let Some(web) = &web {
                let refused = match web.users.who(request.headers(), peer.ip()).await {
                    Who::Anyone => None,
                    Who::User(name) => {
                        request.extensions_mut().insert(User(name));
                        None
                    }
                    Who::Nobody => Some(refusal(&stats.unauthorized, &NOBODY)),
                    Who::Busy => Some(refusal(&stats.logins_refused, &BUSY)),
                };
                if let Some(mut refused) = refused {
                    web.add_headers(refused.headers_mut());
                    return Ok(refused.map(|body| Answer { body: Either::Right(body), working }));
                }
            }
            // A service may want to be asked whether it is ready first.
            std::future::poll_fn(|context| service.poll_ready(context)).await?;
            let mut response = service.call(request).await?;
            if let Some(web) = &web {
                web.add_headers(response.headers_mut());
            }
            Ok::<_, Infallible>(response.map(|body| Answer { body: Either::Left(body), working }))
        }
    });
    let watched = Watched { stream, phase: phase.clone(), stall: Stall::new(write_timeout) };
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .half_close(half_close)
            .header_read_timeout(idle_timeout.max(header_timeout))
            .max_buf_size(64 << 10)
            .serve_connection(TokioIo::new(watched), service)
    );
    // A peer that goes away or times out is its own affair. The connection is polled first, so that a
    // request that has come in full is seen before the stop is.
    tokio::select! {
        biased;
        result = connection.as_mut() => return drop(result),
        () = phase.overdue(header_timeout) => {
            stats.slow_heads.fetch_add(1, Ordering::Relaxed);
            return;
        }
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        biased;
        result = connection => drop(result),
        // Nobody waits for the rest of a head: there is no request yet that could be cut.
        () = phase.no_request() => {}
    }
}

/// Status, header and words of a refusal.
type Refusal = (StatusCode, (HeaderName, &'static str), &'static str);
const NOBODY: Refusal = (StatusCode::UNAUTHORIZED, (WWW_AUTHENTICATE, "Basic"), "Unauthorized\n");
const BUSY: Refusal =
    (StatusCode::TOO_MANY_REQUESTS, (RETRY_AFTER, "1"), "too many passwords wait to be checked\n");

fn refusal(count: &AtomicU64, (status, (name, value), words): &Refusal) -> Response<Full<Bytes>> {
    count.fetch_add(1, Ordering::Relaxed);
    let mut refused = Response::new(Full::from(*words));
    *refused.status_mut() = *status;
    refused.headers_mut().insert(name.clone(), HeaderValue::from_static(value));
    refused
}

/// Says why before closing, so that an operator sees a reason and not a reset.
pub(super) async fn refuse(mut stream: TcpStream, limit: Duration, stop: CancellationToken) {
    const ANSWER: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n\
                          connection: close\r\ncontent-length: 45\r\n\r\n{\"error\":\"too many connections\",\"status\":503}";
    let answered = async {
        stream.write_all(ANSWER.as_bytes()).await?;
        stream.shutdown().await
    };
    tokio::select! {
        biased;
        answered = tokio::time::timeout(limit, answered) => drop(answered),
        () = stop.cancelled() => {}
    }
}
