//! The tasks of receivers of remote write: they begin, go on under other settings, and end.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::guarded;
use super::left::Left;
use crate::config::RemoteWrite;
use crate::intake::Intakes;
use crate::sinks::remote_write::{Receiver, Rest, Senders};
use crate::stats::Stats;

/// A way to a receiver.
#[derive(Debug)]
pub struct Write {
    receiver: Receiver,
    /// Whether the task may die without taking the agent with it.
    gone: CancellationToken,
    sending: JoinHandle<Rest>,
}

impl Write {
    /// Begins to send.
    pub(crate) fn to((receiver, senders): (Receiver, Senders), stop: &CancellationToken) -> Self {
        let gone = CancellationToken::new();
        let sending = guarded(senders.run(), stop, &gone);
        Self { receiver, gone, sending }
    }

    /// Where readings go in.
    pub fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Waits until all is sent, and notes what is left at the deadline.
    async fn finish(mut self, deadline: Instant) -> Vec<Left> {
        let endpoint = self.receiver.endpoint().to_owned();
        let ended = tokio::time::timeout_at(deadline, &mut self.sending).await;
        self.sending.abort();
        let mut left = Vec::new();
        match ended {
            Ok(Ok(Rest { samples: 0, .. })) => {}
            Ok(Ok(Rest { samples, is_kept })) => {
                left.push(Left::Samples { endpoint: endpoint.clone(), samples, is_kept });
            }
            Ok(Err(error)) => left.push(Left::Died { whose: endpoint.clone(), why: error.to_string() }),
            Err(_) => left.push(Left::Late { endpoint: endpoint.clone() }),
        }
        let samples = self.receiver.refused_at_the_end();
        if samples > 0 {
            left.push(Left::RefusedSamples { endpoint, samples });
        }
        left
    }
}

/// The ways to all receivers.
#[derive(Debug, Default)]
pub(super) struct Writes {
    intakes: Intakes,
    open: BTreeMap<String, Write>,
    /// Receivers that are not written to any more, and get what waits for them.
    leaving: BTreeMap<String, JoinHandle<Vec<Left>>>,
}

impl Writes {
    /// Of receivers that differ in their names; readings come to them by these intakes.
    pub(super) fn new(writes: Vec<Write>, intakes: Intakes) -> Self {
        let mut all = Self { intakes, ..Self::default() };
        for write in writes {
            all.open(write);
        }
        all
    }

    /// Writes there from now on.
    pub(super) fn open(&mut self, write: Write) {
        self.intakes.write_to(write.receiver.clone());
        self.open.insert(write.receiver.endpoint().to_owned(), write);
    }

    /// Writes there as other settings say.
    pub(super) fn alter(&self, settings: &RemoteWrite) {
        if let Some(write) = self.open.get(&settings.label()) {
            write.receiver.alter(settings);
        }
    }

    /// Asks those again at once that did not let the agent in.
    pub(super) fn let_in(&self) {
        self.open.values().for_each(|write| write.receiver.let_in());
    }

    /// Writes there no longer, but for what waits, until the deadline.
    pub(super) fn close(&mut self, name: &str, deadline: Instant, stats: Arc<Stats>) {
        self.leaving.retain(|_, draining| !draining.is_finished());
        let Some(write) = self.open.remove(name) else { return };
        self.intakes.write_no_more(name);
        write.receiver.close(deadline);
        write.gone.cancel();
        let name = name.to_owned();
        let draining = {
            let name = name.clone();
            async move {
                let left = write.finish(deadline).await;
                for left in &left {
                    tracing::error!(endpoint = name, "left undone at a receiver that is gone: {left}");
                }
                stats.writes.forget(&name);
                left
            }
        };
        self.leaving.insert(name, tokio::spawn(draining));
    }

    /// Waits until everything is sent, at all receivers at once.
    pub(super) async fn end(self, deadline: Instant) -> Vec<Left> {
        let mut left = Vec::new();
        for write in self.open.values() {
            write.receiver.close(deadline);
        }
        for write in self.open.into_values() {
            left.extend(write.finish(deadline).await);
        }
        // What is over was told when it ended, and its spool may be another receiver's by now.
        for (name, mut draining) in self.leaving.into_iter().filter(|(_, draining)| !draining.is_finished()) {
            match tokio::time::timeout_at(deadline, &mut draining).await {
                Ok(Ok(more)) => left.extend(more),
                Ok(Err(error)) => left.push(Left::Died { whose: name, why: error.to_string() }),
                Err(_) => left.push(Left::Late { endpoint: name }),
            }
        }
        left
    }
}
