//! An answer, whichever way it came.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::direct::{Direct, Fault, Reply};
use crate::exchange;

/// The head of an answer, and the way to its body.
#[derive(Debug)]
pub(crate) enum Response {
    Direct(Box<Reply>),
    Client(reqwest::Response),
}

/// Why there is none, or no more of it.
#[derive(Debug)]
pub(crate) enum Broken {
    Direct(Fault),
    Client(reqwest::Error),
}

impl Response {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Direct(reply) => reply.status,
            Self::Client(response) => response.status(),
        }
    }

    pub(crate) fn take_headers(&mut self) -> HeaderMap {
        match self {
            Self::Direct(reply) => std::mem::take(&mut reply.headers),
            Self::Client(response) => std::mem::take(response.headers_mut()),
        }
    }

    /// It was read to its end: its connection is for the next one.
    pub(crate) fn done(self, direct: Option<&Direct>) {
        if let (Self::Direct(reply), Some(direct)) = (self, direct) {
            direct.keep(*reply);
        }
    }

    /// The next part of the body; none at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        match self {
            Self::Direct(reply) => reply.chunk().await.map_err(Broken::Direct),
            Self::Client(response) => response.chunk().await.map_err(Broken::Client),
        }
    }
}

impl Broken {
    pub(crate) fn error(&self) -> &(dyn Error + 'static) {
        match self {
            Self::Direct(fault) => fault.error(),
            Self::Client(error) => error,
        }
    }

    /// Whether there was no connection.
    pub(crate) fn is_connect(&self) -> bool {
        match self {
            Self::Direct(fault) => matches!(fault, Fault::Connect(_)),
            Self::Client(error) => error.is_connect(),
        }
    }

    /// Whether the other side closed a connection that it had, without an answer.
    pub(crate) fn is_closed_early(&self) -> bool {
        match self {
            Self::Direct(fault) => fault.is_closed_early(),
            Self::Client(error) => exchange::closed_early(error),
        }
    }

    /// Whether it is known that nothing of the request was sent.
    pub(crate) fn is_unsent(&self) -> bool {
        matches!(self, Self::Direct(fault) if fault.is_unsent())
    }

    /// A label value.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            // A connection that is not there in time is also one that is not there.
            Self::Direct(fault) if exchange::late(fault.error()) => "timeout",
            Self::Direct(Fault::Connect(_)) => "connect",
            Self::Direct(Fault::Request(_)) => "request",
            Self::Client(error) => exchange::reason(error),
        }
    }
}
