//! Reading on a thread of its own: a mount or a file that hangs keeps nobody else waiting.
//!
//! A thread that hangs cannot be ended. It is left alone, and there is no second one until it comes back.

use std::time::Duration;

use tokio::sync::oneshot::{Receiver, channel};
use tokio::time::timeout;

/// At most one thread at a time, and what it brings back.
#[derive(Debug)]
pub(super) struct Apart<T> {
    under_way: Option<Receiver<T>>,
    hangs: bool,
}

impl<T> Default for Apart<T> {
    fn default() -> Self {
        Self { under_way: None, hangs: false }
    }
}

impl<T: Send + 'static> Apart<T> {
    /// What a thread brings that was started before, where one is under way still: waited for as long as
    /// `longest`, and no time at all where it is known to hang.
    pub(super) async fn before(&mut self, longest: Duration) -> Option<Result<T, String>> {
        self.under_way.as_ref()?;
        // What hung before is worth a look and no waiting.
        let patience = if self.hangs { Duration::ZERO } else { longest };
        Some(self.answer(patience).await)
    }

    /// Whether a thread is under way still.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Starts a thread of this name; none may be under way.
    pub(super) fn start(
        &mut self,
        name: &str,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(), String> {
        let (sender, receiver) = channel();
        // Nobody may wait any more: the agent has ended.
        let run = move || drop(sender.send(job()));
        // Not one of the runtime's own threads: those are waited for when the process ends.
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        thread.map_err(|error| format!("no thread to read it on: {error}"))?;
        self.under_way = Some(receiver);
        Ok(())
    }

    /// Waits for the thread, which is under way no longer if it came or died.
    pub(super) async fn answer(&mut self, longest: Duration) -> Result<T, String> {
        let Some(under_way) = &mut self.under_way else { return Err("not started".to_owned()) };
        let answer = timeout(longest, under_way).await;
        self.hangs = answer.is_err();
        let answer =
            answer.map_err(|_| "hangs: no answer in time; the others go on without it".to_owned())?;
        self.under_way = None;
        answer.map_err(|_| "its thread died".to_owned())
    }

    /// Does a job on a thread of its own; what one brings that hung before is old, and thrown away.
    pub(super) async fn run(
        &mut self,
        name: &str,
        longest: Duration,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        if let Some(Err(failure)) = self.before(longest).await
            && self.is_busy()
        {
            return Err(failure);
        }
        self.start(name, job)?;
        self.answer(longest).await
    }
}
