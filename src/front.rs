//! What every request passes before the routes: instruments, limits, HEAD as GET.
//!
//! One service in front sees also what no filter does: unknown paths, wrong methods, and clients
//! that leave before their answer.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Method, Request};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_service::Service;
use warp::reply::Response;

use crate::handlers;
use crate::limits::Limits;
use crate::metrics::{Instruments, UnderWay};
use crate::routes::Route;

/// The routes behind this front.
pub trait Inner:
    Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<S> Inner for S where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// The service that the accept loop runs.
#[derive(Debug, Clone)]
pub struct Front<S, I> {
    inner: S,
    instruments: I,
    limits: Limits,
}

impl<S: Inner, I: Instruments> Front<S, I> {
    /// Puts instruments and limits in front of the routes.
    pub fn new(inner: S, instruments: I, limits: Limits) -> Self {
        Self { inner, instruments, limits }
    }
}

impl<S: Inner, I: Instruments> Service<Request<Incoming>> for Front<S, I> {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S::Future, I::Request>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Incoming>) -> Self::Future {
        let route = Route::of(request.uri().path());
        let measured = Some(self.instruments.begin(request.method(), route));
        // The server leaves the body out of an answer to HEAD by itself.
        if request.method() == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        let admitted = route.is_limited().then(|| self.limits.admit(request.headers())).transpose();
        let work = match admitted {
            // Decided here, so that what is routed is what is counted: `/metrics/` is no route.
            Ok(_) if route == Route::Unknown => Work::Answered { response: Some(handlers::no_such_route()) },
            Ok(_) => Work::Routed { future: self.inner.call(request) },
            Err(away) => {
                self.instruments.rejected(away.reason);
                Work::Answered { response: Some(away.response) }
            }
        };
        Answer { work, measured }
    }
}

pin_project! {
    /// The answer to a request, measured; dropped early, the client has left.
    pub struct Answer<F, R> {
        #[pin]
        work: Work<F>,
        measured: Option<R>,
    }
}

pin_project! {
    #[project = WorkProjection]
    enum Work<F> {
        Routed { #[pin] future: F },
        Answered { response: Option<Response> },
    }
}

impl<F, R> Future for Answer<F, R>
where
    F: Future<Output = Result<Response, Infallible>>,
    R: UnderWay,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match this.work.project() {
            WorkProjection::Routed { future } => ready!(future.poll(context))?,
            // Polled only once: a finished future is not polled again.
            WorkProjection::Answered { response } => response.take().unwrap_or_default(),
        };
        if let Some(measured) = this.measured.take() {
            measured.answered(response.status());
        }
        Poll::Ready(Ok(response))
    }
}
