//! Work that may hang, on a thread of its own: files on a dead mount, or a pipe that nobody writes to.
//!
//! A thread that hangs cannot be ended. It is left alone, and nothing is asked of that file again until it
//! comes back, so there are never more such threads than there are callers.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::oneshot::{Receiver, channel};

/// What its threads are called.
const THREAD: &str = "files";
/// Certificates, keys and passwords are smaller than this.
const MOST: u64 = 1 << 20;

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoResult {
    /// It did not end in time.
    #[error("no answer within {0:?}")]
    Hangs(Duration),
    /// It panicked, or no thread could be started.
    #[error("the thread for it died")]
    Died,
}

/// One caller's work, of which at most one piece is under way.
#[derive(Debug)]
pub struct Apart<T> {
    under_way: Option<Receiver<T>>,
    hangs: bool,
}

impl<T> Default for Apart<T> {
    fn default() -> Self {
        Self { under_way: None, hangs: false }
    }
}

impl<T: Send + 'static> Apart<T> {
    /// What comes of work that was started before, where it is under way still: waited for as long as
    /// `longest`, and no time at all where it is known to hang.
    pub async fn before(&mut self, longest: Duration) -> Option<Result<T, NoResult>> {
        self.under_way.as_ref()?;
        let patience = if self.hangs { Duration::ZERO } else { longest };
        Some(self.answer(patience).await.map_err(|error| match error {
            NoResult::Hangs(_) => NoResult::Hangs(longest),
            NoResult::Died => NoResult::Died,
        }))
    }

    /// Whether work is under way still.
    pub fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Starts work in a thread of this name; none may be under way.
    pub fn start(&mut self, name: &str, work: impl FnOnce() -> T + Send + 'static) -> Result<(), NoResult> {
        self.under_way = Some(start(name, work)?);
        Ok(())
    }

    /// Waits for the work so long at the most; it is under way no longer if it came or died.
    pub async fn answer(&mut self, longest: Duration) -> Result<T, NoResult> {
        let Some(under_way) = &mut self.under_way else { return Err(NoResult::Died) };
        let result = tokio::time::timeout(longest, under_way).await;
        self.hangs = result.is_err();
        let result = result.map_err(|_| NoResult::Hangs(longest))?;
        self.under_way = None;
        result.map_err(|_| NoResult::Died)
    }

    /// Runs the work and waits for it so long at the most. What hung before is looked at, not waited for, and
    /// what it brings is thrown away: it may be as old as the hang.
    pub async fn run(
        &mut self,
        longest: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoResult> {
        if let Some(Err(error)) = self.before(longest).await
            && self.is_busy()
        {
            return Err(error);
        }
        self.start(THREAD, work)?;
        self.answer(longest).await
    }
}

/// The same once, for whoever has no runtime yet.
pub fn once<T: Send + 'static>(
    longest: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, NoResult> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().name(THREAD.to_owned());
    thread.spawn(move || drop(sender.send(work()))).map_err(|_| NoResult::Died)?;
    receiver.recv_timeout(longest).map_err(|error| match error {
        std::sync::mpsc::RecvTimeoutError::Timeout => NoResult::Hangs(longest),
        std::sync::mpsc::RecvTimeoutError::Disconnected => NoResult::Died,
    })
}

fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Receiver<T>, NoResult> {
    let (sender, receiver) = channel();
    // Not one of the runtime's own threads: those are waited for when the process ends.
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(move || drop(sender.send(work()))).map_err(|_| NoResult::Died)?;
    Ok(receiver)
}

/// A small file; the error names it.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("{shown} cannot be read: {error}"))?;
    if bytes.len() as u64 > MOST {
        return Err(format!("{shown}: expected at most 1MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_hangs_gets_no_second_thread_until_it_comes_back() {
        let mut apart = Apart::default();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let short = Duration::from_millis(20);
        assert_eq!(apart.run(short, move || wait.recv().is_ok()).await, Err(NoResult::Hangs(short)));
        let second = apart.run(short, || panic!("a second thread")).await;
        assert_eq!(second, Err(NoResult::Hangs(short)));
        go.send(()).unwrap();
        let long = Duration::from_secs(20);
        let end = std::time::Instant::now() + long;
        while apart.run(long, || true).await != Ok(true) {
            assert!(std::time::Instant::now() < end, "it never came back");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_panic_is_no_hang() {
        let died = Apart::<()>::default().run(Duration::from_secs(20), || panic!("on purpose")).await;
        assert_eq!(died, Err(NoResult::Died));
    }
}
