//! Work that keeps a processor busy: done beside the tasks that answer, and not more at once than helps.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// The places for such work.
#[derive(Debug)]
pub struct Work(Arc<Semaphore>);

impl Work {
    /// As many places as there are processors.
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, Into::into);
        Self(Arc::new(Semaphore::new(processors)))
    }

    /// Does this when a place is free; none if it panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let place = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let task = tokio::task::spawn_blocking(move || {
            // Whoever asked may be gone; the place is taken until this is done all the same.
            let _place = place;
            work()
        });
        task.await.ok()
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::new()
    }
}
