//! The thread that writes: batches of what changed, and snapshots when the log has grown.
//!
//! What is written together is confirmed together: while the disk works on one batch, the next one
//! gathers. After an error a log is never written to again, because nobody knows what of it is on the
//! disk: a new log is begun, and a snapshot of all groups makes up for what was missed meanwhile.

mod logs;
mod room;
mod snapshots;

use std::any::Any;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::disk::{Disk, Writing};
use super::files::Files;
use super::frame::Head;
use super::queue::{Queue, Turn};
use super::record::Record;
use super::recover::{Fault, Recovered};
use super::{Fsync, Options, Source};

pub(super) struct Writer {
    queue: Arc<Queue>,
    disk: Arc<dyn Disk>,
    files: Files,
    source: Arc<dyn Source>,
    options: Options,
    lock: Option<Box<dyn Any + Send>>,
    log: Option<Log>,
    /// The number of the next log.
    next: u64,
    /// Logs that the next snapshot makes superfluous.
    logs: Vec<u64>,
    base: u64,
    /// Bytes of all logs since the last snapshot, and of that.
    log_bytes: u64,
    snapshot_bytes: u64,
    /// What must get a second name before a snapshot replaces it.
    faults: Vec<Fault>,
    due: bool,
    running: bool,
    /// Whether the last error was that there is no room.
    full: bool,
    /// When to try again, and how long to wait after that.
    retry: Option<(Instant, Duration)>,
}

struct Log {
    file: Box<dyn Writing>,
    head: Head,
    bytes: u64,
    /// When the first write came that is not confirmed.
    unsynced: Option<Instant>,
}

impl Writer {
    pub(super) fn new(
        queue: Arc<Queue>,
        disk: Arc<dyn Disk>,
        files: Files,
        source: Arc<dyn Source>,
        options: Options,
        lock: Option<Box<dyn Any + Send>>,
        found: &Recovered,
    ) -> Self {
        Self {
            queue,
            disk,
            files,
            source,
            options,
            lock,
            log: None,
            next: found.next,
            logs: found.logs.clone(),
            base: found.base,
            log_bytes: 0,
            snapshot_bytes: found.snapshot_bytes,
            faults: found.faults.clone(),
            due: found.changed,
            running: false,
            full: false,
            retry: None,
        }
    }

    /// Makes the files ready for the first push; a disk that takes nothing is tried again later.
    pub(super) fn begin(&mut self) {
        self.mend();
        self.snapshot_if_due();
        self.keep_room();
    }

    /// Writes until it is asked to stop.
    pub(super) fn run(mut self) {
        loop {
            let turn = self.queue.turn(self.next_time(), true);
            let stop = turn.stop;
            self.take(turn);
            if self.retry.is_none_or(|(at, _)| at <= Instant::now()) {
                self.mend();
                self.snapshot_if_due();
            }
            if stop {
                self.finish();
                return;
            }
        }
    }

    fn next_time(&self) -> Option<Instant> {
        let sync = match self.options.fsync {
            Fsync::Interval => {
                self.log.as_ref().and_then(|log| log.unsynced).map(|since| since + self.options.interval)
            }
            Fsync::Always | Fsync::Never => None,
        };
        let retry = self.retry.map(|(at, _)| at).filter(|_| !self.running);
        [sync, retry].into_iter().flatten().min()
    }

    fn take(&mut self, turn: Turn) {
        if let Some(written) = turn.finished {
            self.snapshot_finished(written);
        }
        if turn.gave_up {
            self.log = None;
            self.due = true;
        }
        let written =
            self.write(&turn.records).and_then(|()| self.sync_if_due(!turn.waiting.is_empty(), turn.force));
        let said = written.map_err(|error| self.failed("write the log", &error));
        for waiting in turn.waiting {
            // Whoever asked may be gone.
            let _ = waiting.send(self.answer(said.clone()));
        }
    }

    /// Without a log, those who wait are told why there is none.
    fn answer(&self, said: Result<(), String>) -> Result<(), String> {
        if self.log.is_none() && said.is_ok() {
            let problem = self.queue.status().log_problem;
            return Err(problem.unwrap_or_else(|| "groups are not kept".to_owned()));
        }
        said
    }

    fn write(&mut self, records: &[Record]) -> io::Result<()> {
        let Some(log) = &mut self.log else { return Ok(()) };
        let mut out = Vec::new();
        for record in records {
            log.head.frame(&mut out, |out| record.write(out));
        }
        if out.is_empty() {
            return Ok(());
        }
        log.unsynced.get_or_insert_with(Instant::now);
        if let Err(error) = log.file.append(&out) {
            // What stands there of it would be cut off by the next start; its room may be what is missing.
            let _ = log.file.cut(log.bytes);
            return Err(error);
        }
        log.bytes += out.len() as u64;
        self.log_bytes += out.len() as u64;
        let log_bytes = self.log_bytes;
        self.queue.say(|status| status.log_bytes = log_bytes);
        let grown = self.options.snapshot_at.max(2 * self.snapshot_bytes);
        if self.log_bytes > grown && !self.due && !self.running {
            self.rotate()?;
        }
        Ok(())
    }

    fn sync_if_due(&mut self, asked: bool, force: bool) -> io::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let Some(since) = log.unsynced else {
            if asked {
                self.queue.synced();
            }
            return Ok(());
        };
        if self.options.fsync != Fsync::Always {
            self.check()?;
        }
        let due = match self.options.fsync {
            Fsync::Always => true,
            Fsync::Interval => since.elapsed() >= self.options.interval,
            Fsync::Never => false,
        };
        if due || force { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let Some(log) = &mut self.log else { return Ok(()) };
        if log.unsynced.is_some() {
            let began = Instant::now();
            log.file.sync()?;
            self.check()?;
            let Some(log) = &mut self.log else { return Ok(()) };
            self.queue.counters.sync_seconds.observe(began.elapsed().as_secs_f64());
            log.unsynced = None;
            self.queue.counters.syncs.inc();
            self.queue.synced();
        }
        Ok(())
    }

    /// An error where files were taken away meanwhile. The lock of them may be gone as well, so that is taken anew.
    fn check(&mut self) -> io::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let lost = self.base > 0 && !self.disk.has(self.files.snapshot());
        let checked = if lost {
            (self.base, self.snapshot_bytes) = (0, 0);
            Err(io::Error::new(io::ErrorKind::NotFound, "the snapshot that it goes on from is gone"))
        } else {
            log.file.check()
        };
        if checked.is_err() {
            self.lock = None;
        }
        checked
    }
}
