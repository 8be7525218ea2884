//! Connections to one URL that needs neither TLS nor a proxy, spoken to by hyper alone: of what a scrape costs, a
//! client for everything takes more than the page does. Who needs more is served by the client of [`super::Transport`].

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;

use super::{Transport, UNANSWERED};
use crate::exchange;

/// What a connection reads at once, and keeps while it is idle; heads are no longer. Twice as much is a call less for a
/// page of a thousand series, and 16 bytes more for each of them.
const BUFFER: usize = 16 << 10;
/// What a client of reqwest gives up an unanswered packet after.
const PATIENCE: Duration = Duration::from_secs(30);

/// One URL.
#[derive(Debug)]
pub(crate) struct Direct {
    connector: HttpConnector,
    to: Uri,
    path: Uri,
    host: HeaderValue,
    /// How long an idle connection is good for.
    lasts: Duration,
    idle: Mutex<Idle>,
}

/// Connections that nobody uses.
#[derive(Debug, Default)]
struct Idle {
    /// The one used last at the end.
    connections: Vec<(Connection, Instant)>,
    /// Between the last two requests: after a longer one than a connection lasts, none is worth its memory.
    pause: Duration,
    asked: Option<Instant>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// There is no connection.
    Connect(Box<dyn Error + Send + Sync>),
    /// There is one, or there was.
    Request(hyper::Error),
}

/// The head of an answer, and the way to its body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    connection: Connection,
    is_whole: bool,
}

/// A connection and what moves its bytes, which goes on while somebody waits for them, on the same task.
#[derive(Debug)]
struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// None once it is over.
    driver: Option<Driver>,
}

type Driver = http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

impl Fault {
    pub(crate) fn error(&self) -> &(dyn Error + 'static) {
        match self {
            Self::Connect(error) => error.as_ref(),
            Self::Request(error) => error,
        }
    }

    /// Whether the other side closed a connection that it had, without an answer.
    pub(crate) fn is_closed_early(&self) -> bool {
        matches!(self, Self::Request(error) if exchange::broken(error))
    }

    /// Whether nothing of the request was sent.
    pub(crate) fn is_unsent(&self) -> bool {
        match self {
            Self::Connect(_) => true,
            Self::Request(error) => error.is_canceled(),
        }
    }

    /// Whether nobody listens there.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Self::Connect(error) if exchange::nobody(error.as_ref()))
    }
}

impl Transport {
    /// The short way, where there is one.
    pub(crate) fn direct(&self) -> Option<Direct> {
        let url = Url::parse(&self.url).ok()?;
        let named = !url.username().is_empty() || url.password().is_some();
        let proxied =
            self.settings.proxy_url.is_some() || (self.asks_environment(&url) && exchange::has_proxy());
        if url.scheme() != "http" || named || proxied {
            return None;
        }
        let keep_alive = self.settings.keep_alive;
        let host = url.host_str()?;
        let port = url.port_or_known_default()?;
        let to = self.address.map_or_else(
            || format!("http://{host}:{port}"),
            // What has a scope is no URL's host, and has no short way.
            |mut address| {
                address.set_port(port);
                format!("http://{address}")
            },
        );
        let named = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path =
            url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(self.timeout));
        connector.set_tcp_user_timeout(Some(PATIENCE));
        if !keep_alive.is_zero() {
            connector.set_keepalive(Some(keep_alive));
            connector.set_keepalive_interval(Some(keep_alive));
            connector.set_keepalive_retries(Some(UNANSWERED));
        }
        Some(Direct {
            connector,
            to: to.parse().ok()?,
            path: path.parse().ok()?,
            host: HeaderValue::from_str(&named).ok()?,
            lasts: keep_alive.saturating_mul(2),
            idle: Mutex::default(),
        })
    }
}

impl Idle {
    fn asked(&mut self) {
        let now = Instant::now();
        self.pause = self.asked.replace(now).map_or(Duration::ZERO, |before| now - before);
    }
}

impl Direct {
    /// Asks with these headers, over a connection of before where one is still there. Whoever gives up waiting gives
    /// up the connection.
    pub(crate) async fn ask(&self, method: Method, headers: HeaderMap, body: Bytes) -> Result<Reply, Fault> {
        self.idle().asked();
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = headers;
        let own = request.headers_mut();
        own.insert(HOST, self.host.clone());
        own.entry(USER_AGENT).or_insert(HeaderValue::from_static(service::client::USER_AGENT));
        let answer = Box::pin(connection.sender.send_request(request));
        let answer = along(&mut connection.driver, answer).await.map_err(Fault::Request)?;
        let (head, body) = answer.into_parts();
        let (status, headers) = (head.status, head.headers);
        Ok(Reply { status, headers, body, connection, is_whole: false })
    }

    /// The connection of an answer that was read to its end is for the next one.
    pub(crate) fn keep(&self, Reply { connection, is_whole, .. }: Reply) {
        let now = Instant::now();
        // One that still has something to write answered too early, and would not take the next request.
        let is_free = is_whole && connection.driver.is_some() && connection.sender.is_ready();
        let mut idle = self.idle();
        if is_free && idle.pause < self.lasts {
            idle.connections.push((connection, now));
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn kept(&self) -> Option<Connection> {
        loop {
            let (mut connection, _) = {
                let mut idle = self.idle();
                idle.connections.retain(|(_, since)| since.elapsed() <= self.lasts);
                idle.connections.pop()?
            };
            let Connection { sender, driver } = &mut connection;
            // Where the other side has closed it meanwhile, that is seen here.
            let look = |context: &mut Context<'_>| {
                go_on(driver, context);
                Poll::Ready(())
            };
            poll_fn(look).await;
            let ready = poll_fn(|context| sender.poll_ready(context));
            if along(driver, ready).await.is_ok() && driver.is_some() {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Fault> {
        let mut connector = self.connector.clone();
        let stream = connector.call(self.to.clone()).await.map_err(|error| Fault::Connect(error.into()))?;
        let mut builder = http1::Builder::new();
        builder.read_buf_exact_size(Some(BUFFER));
        let (sender, driver) = builder.handshake(stream).await.map_err(Fault::Request)?;
        Ok(Connection { sender, driver: Some(driver) })
    }
}

impl Reply {
    /// The next part of the body; none at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        while !self.is_whole {
            let body = &mut self.body;
            let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
            match along(&mut self.connection.driver, frame).await.transpose().map_err(Fault::Request)? {
                // What is no data are trailers.
                Some(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                None => self.is_whole = true,
            }
        }
        Ok(None)
    }
}

/// Moves what can be moved now; what goes wrong is said to who waits.
fn go_on(driver: &mut Option<Driver>, context: &mut Context<'_>) {
    if driver.as_mut().is_some_and(|moves| Pin::new(moves).poll(context).is_ready()) {
        *driver = None;
    }
}

/// What `what` comes to, while the connection that it waits for goes on.
async fn along<W: Future + Unpin>(driver: &mut Option<Driver>, mut what: W) -> W::Output {
    poll_fn(|context: &mut Context<'_>| {
        if let Poll::Ready(output) = Pin::new(&mut what).poll(context) {
            return Poll::Ready(output);
        }
        if driver.is_none() {
            return Poll::Pending;
        }
        go_on(driver, context);
        Pin::new(&mut what).poll(context)
    })
    .await
}

#[cfg(test)]
mod tests;
