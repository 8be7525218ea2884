//! Reading the settings again while the agent runs: all of it happens, or nothing.
//!
//! What did not change goes on untouched. Everything that may fail comes first: reading, checking,
//! binding; only then are sources and endpoints changed, in one step.

mod apply;
mod leaving;
mod said;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use service::config::Mistakes;
use tokio::signal::unix::Signal;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use warp::Reply;
use warp::reply::Response;

use crate::config::Settings;
use crate::identity::Identity;
pub(crate) use apply::{Live, Watch, way};

/// Reading a file takes no longer, unless its disk hangs.
const LONGEST: Duration = Duration::from_secs(10);
/// So many may ask at once; each is answered.
const ASKED: usize = 64;

/// Reads the settings again, from where they came from.
pub type Load = Arc<dyn Fn() -> Result<(Settings, Identity), Mistakes> + Send + Sync>;

/// How settings are read again, and the signal that asks for it, if it is the agent's own.
pub struct Reloads {
    /// From where the settings came from.
    pub load: Load,
    /// SIGHUP, where it is not the app's.
    pub signal: Option<Signal>,
}

impl std::fmt::Debug for Reloads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reloads").field("signal", &self.signal).finish_non_exhaustive()
    }
}

/// What became of a reload: what changed, or why nothing did; a line each.
type Outcome = Result<String, String>;

/// Asks for a reload.
#[derive(Debug, Clone)]
pub struct Ask(mpsc::Sender<oneshot::Sender<Outcome>>);

impl Ask {
    /// One end asks, the other is for the agent.
    pub(crate) fn new() -> (Self, mpsc::Receiver<oneshot::Sender<Outcome>>) {
        let (sender, asked) = mpsc::channel(ASKED);
        (Self(sender), asked)
    }

    /// 200 with what changed, 400 with all mistakes, 503 where it cannot be done now.
    pub(crate) async fn answer(self) -> Response {
        let (sender, outcome) = oneshot::channel();
        let busy = || {
            let words = "not now: the agent stops, or is reloading for many already\n";
            warp::reply::with_status(words, StatusCode::SERVICE_UNAVAILABLE).into_response()
        };
        if self.0.try_send(sender).is_err() {
            return busy();
        }
        match outcome.await {
            Ok(Ok(said)) => said.into_response(),
            Ok(Err(said)) => warp::reply::with_status(said, StatusCode::BAD_REQUEST).into_response(),
            Err(_) => busy(),
        }
    }
}

/// Reloads whenever somebody asks, one at a time, until `stop`.
pub(crate) async fn serve(
    mut live: Live,
    mut reloads: Reloads,
    mut asked: mpsc::Receiver<oneshot::Sender<Outcome>>,
    stop: CancellationToken,
) -> Live {
    loop {
        let signal = async {
            match &mut reloads.signal {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        let answer = tokio::select! {
            () = stop.cancelled() => return live,
            Some(()) = signal => None,
            Some(answer) = asked.recv() => Some(answer),
        };
        let outcome = match read(&reloads.load).await {
            Ok((settings, identity)) => live.reload(&settings, &identity).await,
            Err(why) => Err(why),
        };
        live.stats.reloaded(outcome.is_ok());
        match &outcome {
            Ok(said) => tracing::info!("settings reloaded: {}", said.trim_end().replace('\n', "; ")),
            Err(why) => {
                for line in why.lines() {
                    tracing::error!("reload refused, the old settings stay: {line}");
                }
            }
        }
        if let Some(answer) = answer {
            // Whoever asked may be gone.
            let _ = answer.send(outcome);
        }
    }
}

/// In a thread of its own: a disk may hang.
async fn read(load: &Load) -> Result<(Settings, Identity), String> {
    let load = Arc::clone(load);
    let reading = tokio::task::spawn_blocking(move || load());
    match tokio::time::timeout(LONGEST, reading).await {
        Ok(Ok(Ok(loaded))) => Ok(loaded),
        Ok(Ok(Err(mistakes))) => Err(format!("{mistakes}\n")),
        Ok(Err(error)) => Err(format!("the settings could not be read: {error}\n")),
        Err(_) => Err(format!("the settings could not be read within {LONGEST:?}\n")),
    }
}
