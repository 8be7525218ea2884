//! A web configuration that changes while its listener goes on.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::written::{self, Contents};
use super::{State, WebError};
use crate::apart::{self, Apart};

/// How often the files are looked at, while somebody asks.
const EVERY: Duration = Duration::from_secs(1);
/// How long a request waits for the files before the old ones do.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a start does.
const AT_START: Duration = Duration::from_secs(5);

/// A web configuration: what it says now, whatever becomes of its files.
pub struct Web {
    path: PathBuf,
    now: Mutex<Arc<State>>,
    reading: tokio::sync::Mutex<Reading>,
    /// Whether what was read last could not be taken.
    stale: AtomicBool,
}

struct Reading {
    apart: Apart<Result<Contents, WebError>>,
    last: Contents,
    looked: Instant,
    /// What was logged last, so that it is logged once.
    said: Option<String>,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Web({})", self.path.display())
    }
}

impl Web {
    /// Reads the file and those that it names.
    ///
    /// # Errors
    /// A file cannot be read within 5 seconds, or holds something else than it should.
    pub fn open(path: &Path) -> Result<Self, WebError> {
        let owned = path.to_owned();
        let read = apart::once(AT_START, move || written::read(&owned));
        let last = read.unwrap_or_else(|error| {
            Err(WebError { path: Some(path.to_owned()), reason: error.to_string() })
        })?;
        let now = Mutex::new(Arc::new(last.state(path)?));
        let reading = Reading { apart: Apart::default(), last, looked: Instant::now(), said: None };
        Ok(Self {
            path: path.to_owned(),
            now,
            reading: tokio::sync::Mutex::new(reading),
            stale: AtomicBool::new(false),
        })
    }

    /// Whether the listener speaks TLS; settled at the start.
    pub fn is_tls(&self) -> bool {
        self.state().acceptor.is_some()
    }

    /// Whether it is as its files were when they were last read: what is wrong in them is not taken.
    pub fn is_fresh(&self) -> bool {
        !self.stale.load(Relaxed)
    }

    /// Whether there is a user of this name now.
    pub fn has_user(&self, name: &str) -> bool {
        self.state().users.knows(name)
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What holds now. A new configuration that is wrong is told once, and the old one stays.
    pub(crate) async fn current(&self) -> Arc<State> {
        // Somebody who reads already is not waited for.
        if let Ok(mut reading) = self.reading.try_lock()
            && reading.looked.elapsed() >= EVERY
        {
            let path = self.path.clone();
            let read = reading.apart.run(PATIENCE, move || written::read(&path)).await;
            reading.looked = Instant::now();
            let changed = match read {
                Ok(Ok(contents)) if contents == reading.last => {
                    reading.said = None;
                    self.stale.store(false, Relaxed);
                    return self.state();
                }
                Ok(Ok(contents)) => self.changed(&contents).map(|()| reading.last = contents),
                Ok(Err(error)) => Err(error.to_string()),
                Err(error) => Err(format!("{}: {error}", self.path.display())),
            };
            let problem = changed.err();
            match &problem {
                None => tracing::info!(file = %self.path.display(), "the web configuration was read again"),
                Some(message) if reading.said.as_ref() != Some(message) => {
                    tracing::warn!("the web configuration before stays: {message}");
                }
                Some(_) => {}
            }
            self.stale.store(problem.is_some(), Relaxed);
            reading.said = problem;
        }
        self.state()
    }

    fn changed(&self, contents: &Contents) -> Result<(), String> {
        let mut state = contents.state(&self.path).map_err(|error| error.to_string())?;
        let before = self.state();
        // A slip of the pen must not send passwords in the clear.
        if state.acceptor.is_some() != self.is_tls() {
            let message = "tls_server_config can be added and taken away by a restart only";
            return Err(format!("{}: {message}", self.path.display()));
        }
        // Nor an empty file let everybody in.
        if state.users.is_empty() && !before.users.is_empty() {
            let message = "basic_auth_users can be taken away altogether by a restart only";
            return Err(format!("{}: {message}", self.path.display()));
        }
        state.users = state.users.after(&before.users);
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        Ok(())
    }
}
