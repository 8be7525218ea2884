//! The agent's listener, which may move to another address while it answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use http::{Request, Response};
use hyper::body::Incoming;
use service::server::{self, ServerSettings, TlsError};
use service::stop::Drained;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Requests under way may be flushes, which take long; the end of the agent has a bound of its own.
const LONGEST: Duration = Duration::from_mins(5);

type Serving = JoinHandle<Result<Drained, TlsError>>;

/// A server, and how to start the same one elsewhere.
pub(crate) struct Listening {
    open: Box<dyn Fn(TcpListener, CancellationToken) -> Serving + Send>,
    now: (CancellationToken, Serving),
}

impl Listening {
    /// Answers there from now on.
    pub(crate) fn on<S, B>(listener: TcpListener, service: S) -> Self
    where
        S: tower_service::Service<
                Request<Incoming>,
                Response = Response<B>,
                Error = std::convert::Infallible,
            >,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: hyper::body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let open = move |listener, token| {
            let service = service.clone();
            tokio::spawn(async move {
                let bounds = ServerSettings { grace: LONGEST, ..ServerSettings::default() };
                server::serve(listener, service, &bounds, Arc::default(), token).await
            })
        };
        let token = CancellationToken::new();
        let serving = open(listener, token.clone());
        Self { open: Box::new(open), now: (token, serving) }
    }

    /// Another place to answer at, once [`Self::moves`] says so.
    pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
        let hint = "the port of the old address is free only after a restart; the old settings stay";
        server::bind(address, hint).await.map_err(|error| format!("pull.listen: {error}"))
    }

    /// Answers there instead. What is being answered at the old place, such as the reload itself, still is.
    pub(crate) fn moves(&mut self, listener: TcpListener) {
        let token = CancellationToken::new();
        let serving = (self.open)(listener, token.clone());
        let (before, _) = std::mem::replace(&mut self.now, (token, serving));
        before.cancel();
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
