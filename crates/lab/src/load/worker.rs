//! One connection: takes the next number, waits for its time, sends, and counts.
//!
//! The numbers that no connection has taken yet are the queue: it costs no memory, and a request that
//! waits in it has its planned start from its number.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::outcome::{Failure, Kind};
use super::pacer::Pacer;
use super::plan::Plan;
use super::tally::{Sample, Tally};
use super::target::{Connection, Target};

/// A closed loop that cannot connect would otherwise do nothing but try.
const PAUSE: Duration = Duration::from_millis(100);

/// What all connections of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) target: Target,
    pub(super) plan: Plan,
    pub(super) began: Instant,
    pub(super) next: AtomicU64,
}

/// Runs so many connections on this runtime until the plan's end or `stop`.
pub(super) async fn all(
    shared: Arc<Shared>,
    connections: usize,
    tally: Arc<Mutex<Tally>>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let worker = Worker {
            shared: Arc::clone(&shared),
            tally: Arc::clone(&tally),
            pacer: Pacer::new()?,
            connection: None,
        };
        workers.spawn(worker.run());
    }
    let ended = async {
        while let Some(ended) = workers.join_next().await {
            ended.map_err(std::io::Error::other)??;
        }
        Ok(())
    };
    tokio::select! {
        ended = ended => ended,
        () = stop.cancelled() => Ok(()),
    }
}

struct Worker {
    shared: Arc<Shared>,
    tally: Arc<Mutex<Tally>>,
    pacer: Pacer,
    connection: Option<Connection>,
}

impl Worker {
    async fn run(mut self) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let (plan, began) = (&shared.plan, shared.began);
        let (total, last_start) = (plan.total().unwrap_or(u64::MAX), plan.last_start());
        let mut sample;
        loop {
            let number = shared.next.fetch_add(1, Ordering::Relaxed);
            let free = began.elapsed();
            let planned = plan.start_of(number).unwrap_or(free);
            if number >= total {
                return Ok(());
            }
            if planned > free {
                self.pacer.until(began + planned).await?;
            }
            let started = began.elapsed();
            if started > last_start {
                return Ok(());
            }
            self.tally().start(started);
            let outcome = match tokio::time::timeout(plan.timeout, self.exchange()).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Failure { kind: Kind::Timeout, why: String::new() }),
            };
            let ended = began.elapsed();
            sample = Sample { planned, free, started, ended, status: None, wrong: None };
            match outcome {
                Ok(status) => {
                    sample.status = Some(status);
                    sample.wrong = (status >= 400).then_some(Kind::Status);
                }
                Err(failure) => {
                    self.connection = None;
                    sample.wrong = Some(failure.kind);
                }
            }
            self.tally().end(&sample);
            if !plan.open() && matches!(sample.wrong, Some(Kind::Connect | Kind::Tls)) {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request and its whole answer, on a new connection where there is none.
    async fn exchange(&mut self) -> Result<u16, Failure> {
        loop {
            // One that the server has closed meanwhile is no error of this request.
            let kept = match self.connection.take() {
                Some(mut kept) => kept.ready().await.is_ok().then_some(kept),
                None => None,
            };
            let reused = kept.is_some();
            let mut connection = match kept {
                Some(kept) => kept,
                None => self.shared.target.connect().await?,
            };
            let mut answer = match connection.send_request(self.shared.target.request()).await {
                Ok(answer) => answer,
                // It was never sent.
                Err(error) if reused && error.is_canceled() => continue,
                Err(error) => return Err(Failure::of_exchange(&error, false)),
            };
            self.connection = Some(connection);
            while let Some(frame) = answer.body_mut().frame().await {
                frame.map_err(|error| Failure::of_exchange(&error, true))?;
            }
            return Ok(answer.status().as_u16());
        }
    }
}
