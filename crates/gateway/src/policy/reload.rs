//! The policy in force, and reading it again: all of it changes, or nothing.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use service::config::Mistakes;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Life, Policy};

/// The policy, with where it came from.
#[derive(Debug)]
pub struct Policies {
    file: Option<PathBuf>,
    default_ttl: Option<Life>,
    current: RwLock<Arc<Policy>>,
    /// Held while the file is read: of two reloads at once the later one has the last word.
    reading: Mutex<()>,
}

impl Policies {
    /// Reads the policy for the first time.
    pub fn load(file: Option<PathBuf>, default_ttl: Option<Life>) -> Result<Self, Mistakes> {
        let policy = Policy::load(file.as_deref(), default_ttl)?;
        Ok(Self { file, default_ttl, current: RwLock::new(Arc::new(policy)), reading: Mutex::new(()) })
    }

    /// What is in force. A push keeps what it began with.
    pub fn current(&self) -> Arc<Policy> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there is a file to read again.
    pub fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Reads the file again: says how many rules there are now, or all that is wrong while the old ones stay.
    pub fn reload(&self) -> Result<usize, Mistakes> {
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        match Policy::load(self.file.as_deref(), self.default_ttl) {
            Ok(policy) => {
                let rules = policy.rules();
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
                tracing::info!(rules, "settings reloaded");
                Ok(rules)
            }
            Err(mistakes) => {
                for line in mistakes.to_string().lines() {
                    tracing::error!("reload refused, the old settings stay: {line}");
                }
                Err(mistakes)
            }
        }
    }
}

/// Calls `reload` at each SIGHUP, until `stop`.
pub async fn at_hangup<R: Send + 'static>(
    stop: CancellationToken,
    reload: impl Fn() -> R + Clone + Send + 'static,
) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            came = hangup.recv() => if came.is_none() { return Ok(()) },
        }
        // A disk may hang, and the requests go on meanwhile.
        let _ = tokio::task::spawn_blocking(reload.clone()).await;
    }
}
