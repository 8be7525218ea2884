//! Where snapshots go.

pub mod pull;
pub mod push;
pub mod remote_write;

use std::future::Future;
use std::time::Duration;

use crate::config::Endpoint;
use crate::snapshot::Snapshot;

/// Why a snapshot did not arrive: the one place where a failure is sorted.
#[derive(Debug, Clone, Copy)]
pub enum SendError {
    /// It may work later, not before the time that was asked for.
    Again {
        /// How long the receiver asks to be left alone.
        after: Option<Duration>,
        /// Who is to be left alone.
        scope: Scope,
    },
    /// Who we are is not let in: what is newest is kept until that is mended, or the agent ends.
    Held {
        /// Before then it is asked again only if what says who we are has changed.
        after: Duration,
        /// Who is to be left alone.
        scope: Scope,
    },
    /// It never will: this snapshot is given up.
    Refused,
}

/// Whom a failure tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The group that was sent: the endpoint answered, and may take others.
    Group,
    /// The endpoint: nobody was reached there.
    Endpoint,
}

/// Somewhere to send snapshots to.
pub trait Sink: Send + 'static {
    /// Sends one. Called for one snapshot at a time, so that no push overtakes another.
    fn send(&mut self, snapshot: &Snapshot) -> impl Future<Output = Result<(), SendError>> + Send;

    /// Ends when what was held is worth another try; never, where nothing is held. May be given up and
    /// begun again at any time.
    fn released(&mut self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// Goes on under other settings, for the same endpoint.
    fn alter(&mut self, endpoint: &Endpoint);

    /// How long [`Sink::end`] takes: so long before the end nothing is tried again.
    fn ending(&self) -> Duration;

    /// Does what was asked for the end, once nothing more will be sent; how many groups are still there
    /// that should not be.
    fn end(&mut self) -> impl Future<Output = usize> + Send;
}
