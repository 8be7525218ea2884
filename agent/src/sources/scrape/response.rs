//! An answer of a target, whichever way it came.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::exchange;
use crate::transport::{Fault, Reply};

/// The head of an answer, and the way to its body.
#[derive(Debug)]
pub(super) enum Response {
    Direct(Box<Reply>),
    Client(reqwest::Response),
}

/// Why there is none, or no more of it.
#[derive(Debug)]
pub(super) enum Broken {
    Direct(Fault),
    Client(reqwest::Error),
}

impl Response {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Direct(reply) => reply.status,
            Self::Client(response) => response.status(),
        }
    }

    pub(super) fn take_headers(&mut self) -> HeaderMap {
        match self {
            Self::Direct(reply) => std::mem::take(&mut reply.headers),
            Self::Client(response) => std::mem::take(response.headers_mut()),
        }
    }

    /// The next part of the body; none at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        match self {
            Self::Direct(reply) => reply.chunk().await.map_err(Broken::Direct),
            Self::Client(response) => response.chunk().await.map_err(Broken::Client),
        }
    }
}

impl Broken {
    pub(super) fn error(&self) -> &(dyn Error + 'static) {
        match self {
            Self::Direct(fault) => fault.error(),
            Self::Client(error) => error,
        }
    }

    /// A label value.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Direct(Fault::Connect(_)) => "connect",
            Self::Direct(Fault::Request(_)) => "request",
            Self::Client(error) => exchange::reason(error),
        }
    }
}
