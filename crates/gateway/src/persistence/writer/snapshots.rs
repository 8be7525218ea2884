//! Snapshots: written by a thread of their own, and what they make superfluous.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use super::Writer;
use crate::persistence::aside;
use crate::persistence::frame::Nature;
use crate::persistence::snapshot::{self, Written};

impl Writer {
    pub(super) fn snapshot_if_due(&mut self) {
        let Some(log) = self.log.as_ref().filter(|_| self.due && !self.running) else { return };
        let number = log.head.number;
        let aside = aside::all(&*self.disk, &self.files, &mut self.faults);
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

    pub(super) fn snapshot_finished(&mut self, written: io::Result<Written>) {
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

    pub(super) fn snapshot_taken(&mut self, written: Written) {
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
            if caught_up && status.problem().is_some() {
                status.snapshot_problem = None;
                status.missed = false;
                if status.log_problem.is_none() {
                    tracing::info!(groups = written.groups, "all groups are kept again");
                }
            }
        });
        self.keep_room();
    }

    /// The last words: what waits is written, and a snapshot makes the logs superfluous.
    pub(super) fn finish(mut self) {
        self.end();
        self.free_room();
    }

    fn end(&mut self) {
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
        aside::all(&*self.disk, &self.files, &mut self.faults)?;
        self.free_room();
        let written = snapshot::write(&*self.disk, &self.files, self.next, &*self.source, || Ok(()))?;
        (self.log, self.due) = (None, false);
        self.snapshot_taken(written);
        Ok(())
    }
}
