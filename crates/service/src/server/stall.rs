//! A client that takes nothing of its answer for too long is gone, or means harm: its answer holds memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// The time since a stream last took bytes. Without a stall it costs no timer.
pub(super) struct Stall {
    limit: Duration,
    since: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Stall {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, since: None, waiting: false }
    }

    /// What became of a write: the same, or an error once it has waited for too long.
    pub(super) fn check<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = false;
            return written;
        }
        // A century is beyond any clock arithmetic that could overflow.
        let due = || Instant::now() + self.limit.min(Duration::from_hours(876_000));
        let timer = match &mut self.since {
            Some(timer) => {
                if !self.waiting {
                    timer.as_mut().reset(due());
                }
                timer
            }
            none => none.insert(Box::pin(tokio::time::sleep_until(due()))),
        };
        self.waiting = true;
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}
