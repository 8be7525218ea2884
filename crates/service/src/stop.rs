//! Stopping: signals, and waiting for what is under way with a deadline.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Everything finished.
    Clean,
    /// The deadline came first; so many tasks were left.
    Left(usize),
}

/// A token that the first SIGINT, SIGTERM or SIGHUP cancels. A second one ends the process at once,
/// with 1: something was left.
///
/// SIGHUP is what a closed terminal sends. What cannot read its settings again stops, too.
/// A second SIGHUP is not counted: a closing terminal may send it twice.
pub fn signals() -> std::io::Result<CancellationToken> {
    token(Some(signal(SignalKind::hangup())?))
}

/// The same where SIGHUP means something else: the other part is told of each.
pub fn signals_but_hangup() -> std::io::Result<(CancellationToken, Signal)> {
    let hangup = signal(SignalKind::hangup())?;
    Ok((token(None)?, hangup))
}

fn token(mut hangup: Option<Signal>) -> std::io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        let name = tokio::select! {
            name = asked(&mut interrupt, &mut terminate) => name,
            _ = hung_up => "SIGHUP",
        };
        tracing::info!(signal = name, "stopping; a second signal ends at once");
        token.cancel();
        let name = asked(&mut interrupt, &mut terminate).await;
        abandon(name);
    });
    Ok(stop)
}

async fn asked(interrupt: &mut Signal, terminate: &mut Signal) -> &'static str {
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}

/// Ends the process at once, with 1.
#[allow(clippy::disallowed_methods, reason = "whoever asks twice wants no destructor in the way")]
pub fn abandon(signal: &str) {
    if tracing::enabled!(tracing::Level::ERROR) {
        tracing::error!(signal, "ended before everything was finished");
    } else {
        // The lab keeps no log of its own.
        eprintln!("{signal} came again: ended before everything was finished");
    }
    std::process::exit(1);
}

/// Waits until all tasks of a tracker are done, but no longer than `grace`.
pub async fn drain(tasks: &TaskTracker, grace: Duration) -> Drained {
    tasks.close();
    match tokio::time::timeout(grace, tasks.wait()).await {
        Ok(()) => Drained::Clean,
        Err(_) => Drained::Left(tasks.len()),
    }
}
