//! The tasks that send, one an endpoint: they begin, go on under other settings, and drain.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::guarded;
use super::left::Left;
use crate::config::Endpoint;
use crate::intake::{Intake, Intakes, Rest};
use crate::sinks::Sink;
use crate::stats::Stats;

/// A way to an endpoint: what comes through the intake is sent, one at a time, until it is closed and empty.
#[derive(Debug)]
pub struct Way {
    intake: Arc<Intake>,
    altered: watch::Sender<Option<Endpoint>>,
    /// Whether the task may die without taking the agent with it: what is gone is no half of an agent.
    gone: CancellationToken,
    /// Ends with how many groups were to be deleted and are still there.
    sending: JoinHandle<usize>,
}

impl Way {
    /// Begins to send.
    pub fn to(mut sink: impl Sink, intake: Arc<Intake>, stop: &CancellationToken) -> Self {
        let from = Arc::clone(&intake);
        let (altered, mut settings) = watch::channel(None);
        let sending = async move {
            loop {
                let next = tokio::select! {
                    // A push that is under way ends as it began.
                    Ok(()) = settings.changed() => {
                        let endpoint = settings.borrow_and_update().clone();
                        if let Some(endpoint) = endpoint {
                            sink.alter(&endpoint);
                            from.anew();
                        }
                        continue;
                    }
                    next = from.next(sink.ending()) => next,
                    () = sink.released() => {
                        from.anew();
                        continue;
                    }
                };
                let Some(snapshot) = next else { break };
                let outcome = sink.send(&snapshot).await;
                from.settle(snapshot, outcome);
            }
            sink.end().await
        };
        let gone = CancellationToken::new();
        let sending = guarded(sending, stop, &gone);
        Self { intake, altered, gone, sending }
    }

    /// Where snapshots go in.
    pub fn intake(&self) -> Arc<Intake> {
        Arc::clone(&self.intake)
    }

    /// Waits until everything is sent and done, and notes what is left at the deadline.
    async fn finish(mut self, deadline: Instant) -> Vec<Left> {
        let (mut left, intake) = (Vec::new(), self.intake);
        let endpoint = || intake.endpoint().to_owned();
        match tokio::time::timeout_at(deadline, &mut self.sending).await {
            Ok(Ok(0)) => {}
            Ok(Ok(groups)) => left.push(Left::Kept { endpoint: endpoint(), groups }),
            Ok(Err(error)) => left.push(Left::Died { whose: endpoint(), why: error.to_string() }),
            Err(_) => left.push(Left::Late { endpoint: endpoint() }),
        }
        self.sending.abort();
        let Rest { waiting: snapshots, refused: groups } = intake.abandon();
        if snapshots > 0 {
            left.push(Left::Waiting { endpoint: endpoint(), snapshots });
        }
        if groups > 0 {
            left.push(Left::Refused { endpoint: endpoint(), groups });
        }
        left
    }
}

/// The ways to all endpoints.
#[derive(Debug, Default)]
pub struct Ways {
    intakes: Intakes,
    open: BTreeMap<String, Way>,
    /// Endpoints that are not pushed to any more, and get what waited for them.
    leaving: BTreeMap<String, JoinHandle<Vec<Left>>>,
}

impl Ways {
    /// Of endpoints that differ in their names.
    pub fn new(ways: Vec<Way>) -> Self {
        let intakes = Intakes::default();
        for way in &ways {
            intakes.add(way.intake());
        }
        let open = ways.into_iter().map(|way| (way.intake.endpoint().to_owned(), way)).collect();
        Self { intakes, open, leaving: BTreeMap::new() }
    }

    /// Where snapshots go in, now and later.
    pub fn intakes(&self) -> Intakes {
        self.intakes.clone()
    }

    /// Sends there from now on.
    pub(super) async fn open(&mut self, way: Way) {
        let name = way.intake.endpoint().to_owned();
        if let Some(draining) = self.leaving.remove(&name) {
            // Two that push there would overtake each other, and the one delete what the other made.
            draining.abort();
            let _ = draining.await;
        }
        self.intakes.add(way.intake());
        self.open.insert(name, way);
    }

    /// Sends there as other settings say.
    pub(super) fn alter(&self, endpoint: &Endpoint) {
        if let Some(way) = self.open.get(&endpoint.label()) {
            way.altered.send_replace(Some(endpoint.clone()));
        }
    }

    /// Asks those again at once that did not let the agent in.
    pub(super) fn let_in(&self) {
        self.open.values().for_each(|way| way.intake.let_in());
    }

    /// Sends there no longer, but for what waits, until the deadline.
    pub(super) fn close(&mut self, name: &str, deadline: Instant, stats: Arc<Stats>) {
        self.leaving.retain(|_, draining| !draining.is_finished());
        let Some(way) = self.open.remove(name) else { return };
        self.intakes.remove(&way.intake);
        way.intake.close(deadline);
        way.gone.cancel();
        let abort = AbortOnDrop(way.sending.abort_handle());
        let name = name.to_owned();
        let draining = {
            let name = name.clone();
            async move {
                let _abort = abort;
                let left = way.finish(deadline).await;
                for left in &left {
                    tracing::error!(endpoint = name, "left undone at an endpoint that is gone: {left}");
                }
                stats.forget_endpoint(&name);
                left
            }
        };
        self.leaving.insert(name, tokio::spawn(draining));
    }

    /// Waits until everything is sent.
    pub(super) async fn end(self, deadline: Instant) -> Vec<Left> {
        let mut left = Vec::new();
        for intake in self.intakes.all() {
            intake.close(deadline);
        }
        for way in self.open.into_values() {
            left.extend(way.finish(deadline).await);
        }
        for (name, mut draining) in self.leaving {
            match tokio::time::timeout_at(deadline, &mut draining).await {
                Ok(Ok(more)) => left.extend(more),
                Ok(Err(error)) => left.push(Left::Died { whose: name, why: error.to_string() }),
                Err(_) => left.push(Left::Late { endpoint: name }),
            }
        }
        left
    }
}

/// A task that does not outlive whoever waits for it.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
