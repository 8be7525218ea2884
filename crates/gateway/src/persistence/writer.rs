//! The thread that writes: batches of what changed, and snapshots when the log has grown.
//!
//! What is written together is confirmed together: while the disk works on one batch, the next one
//! gathers. After an error a log is never written to again, because nobody knows what of it is on the
//! disk: a new log is begun, and a snapshot of all groups makes up for what was missed meanwhile.

use std::any::Any;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::aside;
use super::disk::{Disk, Writing};
use super::files::Files;
use super::frame::{Head, Nature};
use super::queue::{Queue, Turn};
use super::record::Record;
use super::recover::{Fault, Recovered};
use super::snapshot::{self, Written};
use super::{Fsync, Options, Source};

/// The first wait after an error, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

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
            retry: None,
        }
    }

    /// Makes the files ready for the first push; a disk that takes nothing is tried again later.
    pub(super) fn begin(&mut self) {
        self.mend();
        self.snapshot_if_due();
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
        log.file.append(&out)?;
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
            log.file.sync()?;
            log.unsynced = None;
            self.queue.counters.syncs.inc();
            self.queue.synced();
        }
        Ok(())
    }

    /// Goes on in a new log, which the next snapshot belongs to.
    fn rotate(&mut self) -> io::Result<()> {
        self.sync()?;
        self.log = Some(self.new_log()?);
        self.due = true;
        Ok(())
    }

    fn new_log(&mut self) -> io::Result<Log> {
        let (number, path) = (self.next, self.files.log(self.next));
        let head = Head::new(number, self.base);
        let mut file = self.disk.create(&path)?;
        let bytes = head.bytes(Nature::Log);
        let ready = file.append(&bytes).and_then(|()| file.sync()).and_then(|()| self.disk.sync_names(&path));
        if let Err(error) = ready {
            if self.disk.remove(&path).is_err() {
                self.next += 1;
                self.logs.push(number);
            }
            return Err(error);
        }
        self.next += 1;
        self.logs.push(number);
        Ok(Log { file, head, bytes: bytes.len() as u64, unsynced: None })
    }

    /// Begins a new log where there is none.
    fn mend(&mut self) {
        if self.log.is_some() {
            return;
        }
        match self.try_mend() {
            Ok(()) => self.queue.mended(),
            Err(error) => {
                self.failed("begin a log", &error);
            }
        }
    }

    fn try_mend(&mut self) -> io::Result<()> {
        if self.lock.is_none() {
            self.lock = Some(self.disk.lock(&self.files.lock())?);
        }
        self.log = Some(self.new_log()?);
        Ok(())
    }

    fn failed(&mut self, doing: &str, error: &io::Error) -> String {
        self.log = None;
        self.due = true;
        let problem = self.queue.failed(&format!("{doing} {}", self.files.log(self.next).display()), error);
        self.wait_longer();
        problem
    }

    fn wait_longer(&mut self) {
        let wait = self.retry.map_or(RETRY.0, |(_, wait)| (wait * 2).min(RETRY.1));
        self.retry = Some((Instant::now() + wait, wait));
    }

    fn snapshot_if_due(&mut self) {
        let Some(log) = self.log.as_ref().filter(|_| self.due && !self.running) else { return };
        let number = log.head.number;
        let aside = aside::all(&*self.disk, &self.files, &mut self.faults, &self.queue);
        if let Err(error) = aside {
            self.queue.snapshot_failed(&error);
            self.wait_longer();
            return;
        }
        let (queue, disk, files) = (Arc::clone(&self.queue), Arc::clone(&self.disk), self.files.clone());
        let source = Arc::clone(&self.source);
        let work = move || {
            let write = || snapshot::write(&*disk, &files, number, &*source, || queue.force());
            let written = std::panic::catch_unwind(AssertUnwindSafe(write));
            queue.finish(written.unwrap_or_else(|_| Err(io::Error::other("it panicked"))));
        };
        match std::thread::Builder::new().name("snapshot".to_owned()).spawn(work) {
            Ok(_) => (self.due, self.running) = (false, true),
            Err(error) => {
                self.queue.snapshot_failed(&error);
                self.wait_longer();
            }
        }
    }

    fn snapshot_finished(&mut self, written: io::Result<Written>) {
        self.running = false;
        match written {
            Ok(written) => self.snapshot_taken(written),
            Err(error) => {
                self.due = true;
                self.queue.snapshot_failed(&error);
                self.wait_longer();
            }
        }
    }

    fn snapshot_taken(&mut self, written: Written) {
        (self.base, self.snapshot_bytes) = (written.number, written.bytes);
        let (old, new) = self.logs.iter().partition(|number| **number < written.number);
        self.logs = new;
        let old: Vec<u64> = old;
        for number in old {
            // One that stays is superfluous, and is tried again by the next start.
            if let Err(error) = self.disk.remove(&self.files.log(number)) {
                tracing::warn!(%error, log = %self.files.log(number).display(), "cannot be removed");
            }
        }
        let head = Nature::Log.head_length() as u64;
        self.log_bytes = self.log.as_ref().map_or(0, |log| log.bytes.saturating_sub(head));
        let log_bytes = self.log_bytes;
        self.queue.counters.snapshots.inc();
        self.queue.counters.succeeded();
        let caught_up = !self.due;
        if caught_up {
            self.retry = None;
        }
        self.queue.say(|status| {
            (status.log_bytes, status.snapshot_bytes) = (log_bytes, written.bytes);
            status.last_success = Some(std::time::SystemTime::now());
            if caught_up && status.problem().is_some() {
                status.snapshot_problem = None;
                status.missed = false;
                if status.log_problem.is_none() {
                    tracing::info!(groups = written.groups, "all groups are kept again");
                }
            }
        });
    }

    /// The last words: what waits is written, and a snapshot makes the logs superfluous.
    fn finish(mut self) {
        // One that is under way needs this thread to confirm what it has.
        while self.running {
            let turn = self.queue.turn(None, false);
            self.take(turn);
        }
        let turn = self.queue.turn(None, true);
        self.take(turn);
        if let Err(error) = self.sync() {
            self.failed("write the log", &error);
        }
        if self.log_bytes == 0 && !self.due {
            return;
        }
        if let Err(error) = self.last_snapshot() {
            tracing::error!(%error, "the last snapshot could not be written; the log has what was confirmed");
        }
    }

    /// Nothing comes any more, so this one ends all logs.
    fn last_snapshot(&mut self) -> io::Result<()> {
        if self.lock.is_none() {
            self.lock = Some(self.disk.lock(&self.files.lock())?);
        }
        aside::all(&*self.disk, &self.files, &mut self.faults, &self.queue)?;
        let written = snapshot::write(&*self.disk, &self.files, self.next, &*self.source, || Ok(()))?;
        (self.log, self.due) = (None, false);
        self.snapshot_taken(written);
        Ok(())
    }
}
