//! The agent's listener, which may move to another address while it answers.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use service::server::{self, ServerSettings, TlsError};
use service::stop::Drained;
use service::web::Web;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Requests under way may be flushes, which take long; the end of the agent has a bound of its own.
const LONGEST: Duration = Duration::from_mins(5);

type Serving = JoinHandle<Result<Drained, TlsError>>;
type Open = dyn Fn(TcpListener, Option<Arc<Web>>, CancellationToken) -> Serving + Send;

/// A server, and how to start the same one elsewhere.
pub(crate) struct Listening {
    open: Box<Open>,
    /// The socket once more, for a server with another web configuration.
    socket: std::net::TcpListener,
    web: Option<Arc<Web>>,
    now: (CancellationToken, Serving),
}

/// TLS and users from a file, which may be wrong.
pub(crate) fn web(file: Option<&Path>) -> Result<Option<Arc<Web>>, String> {
    let web = file.map(Web::open).transpose();
    Ok(web.map_err(|error| format!("pull.web_config_file: {error}\n"))?.map(Arc::new))
}

impl Listening {
    /// Answers there from now on.
    pub(crate) fn on<S, B>(listener: TcpListener, web: Option<Arc<Web>>, service: S) -> std::io::Result<Self>
    where
        S: tower_service::Service<
                Request<Incoming>,
                Response = Response<B>,
                Error = std::convert::Infallible,
            >,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let open = move |listener, web, token| {
            let service = service.clone();
            tokio::spawn(async move {
                let bounds = ServerSettings { web, grace: LONGEST, ..ServerSettings::default() };
                server::serve(listener, service, &bounds, Arc::default(), token).await
            })
        };
        let (listener, socket) = twice(listener)?;
        let token = CancellationToken::new();
        let serving = open(listener, web.clone(), token.clone());
        Ok(Self { open: Box::new(open), socket, web, now: (token, serving) })
    }

    /// Another place to answer at, once [`Self::moves`] says so.
    pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
        let hint = "the port of the old address is free only after a restart; the old settings stay";
        server::bind(address, hint).await.map_err(|error| format!("pull.listen: {error}"))
    }

    /// Answers there instead. What is being answered at the old place, such as the reload itself, still is.
    pub(crate) fn moves(&mut self, listener: TcpListener) -> std::io::Result<()> {
        let (listener, socket) = twice(listener)?;
        self.socket = socket;
        self.starts(listener);
        Ok(())
    }

    /// Has this TLS and these users from the next start on.
    pub(crate) fn secure(&mut self, web: Option<Arc<Web>>) {
        self.web = web;
    }

    /// Starts again at the same place; nobody who connects meanwhile is turned away.
    pub(crate) fn again(&mut self) -> std::io::Result<()> {
        let listener = TcpListener::from_std(self.socket.try_clone()?)?;
        self.starts(listener);
        Ok(())
    }

    fn starts(&mut self, listener: TcpListener) {
        let token = CancellationToken::new();
        let serving = (self.open)(listener, self.web.clone(), token.clone());
        let (before, _) = std::mem::replace(&mut self.now, (token, serving));
        before.cancel();
    }

    /// `https` where the web configuration says so.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.web.as_ref().is_some_and(|web| web.is_tls()) { "https" } else { "http" }
    }

    /// Answers no longer, but for requests under way, so long at the most.
    pub(crate) async fn end(self, grace: Duration) -> anyhow::Result<()> {
        let (token, serving) = self.now;
        token.cancel();
        if let Ok(ended) = tokio::time::timeout(grace, serving).await {
            ended.context("the listener ended badly")??;
        }
        Ok(())
    }
}

/// A socket that stays when the server on it ends.
fn twice(listener: TcpListener) -> std::io::Result<(TcpListener, std::net::TcpListener)> {
    let socket = listener.into_std()?;
    Ok((TcpListener::from_std(socket.try_clone()?)?, socket))
}
