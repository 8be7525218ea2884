//! What became of one request, and why it failed.

use std::error::Error;
use std::fmt;
use std::io;

/// Why there is no good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No connection: refused, unreachable, no such name.
    Connect,
    /// No TLS on the connection.
    Tls,
    /// Nothing, or not everything, came in time.
    Timeout,
    /// The connection was reset.
    Reset,
    /// The connection was closed before the answer's head was there.
    Closed,
    /// The head was there, and the body broke off.
    Body,
    /// What came is no HTTP.
    Protocol,
    /// A complete answer with a status of 400 or more.
    Status,
    /// Anything else.
    Other,
}

impl Kind {
    /// As it is written in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Body => "body",
            Self::Protocol => "protocol",
            Self::Status => "status",
            Self::Other => "other",
        }
    }
}

/// A request without a complete answer.
#[derive(Debug)]
pub struct Failure {
    /// The kind by which it is counted.
    pub kind: Kind,
    /// The cause in words.
    pub why: String,
}

impl Failure {
    /// With the innermost cause in words.
    pub fn new(kind: Kind, error: &(dyn Error + 'static)) -> Self {
        Self { kind, why: causes(error).last().map_or_else(String::new, ToString::to_string) }
    }

    /// Sorts what hyper says; `head` tells whether the answer's head was there already.
    pub fn of_exchange(error: &hyper::Error, head: bool) -> Self {
        let io = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
        let reset = matches!(io, Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe));
        let kind = if reset {
            Kind::Reset
        } else if head {
            Kind::Body
        } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            Kind::Closed
        } else if error.is_parse() {
            Kind::Protocol
        } else {
            Kind::Other
        };
        Self::new(kind, error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.why, self.kind.name())
    }
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}
