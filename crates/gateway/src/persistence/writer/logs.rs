//! New logs: when the last one has grown, and when it cannot be trusted any more.

use std::io;
use std::time::{Duration, Instant};

use super::{Log, Writer};
use crate::persistence::disk;
use crate::persistence::frame::{Head, Nature};

/// The first wait after an error, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

impl Writer {
    /// Goes on in a new log, which the next snapshot belongs to.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
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
    pub(super) fn mend(&mut self) {
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
        if self.full && !self.running {
            // Where that fails as well there may be room for a log all the same.
            let _ = self.make_room();
        }
        self.log = Some(self.new_log()?);
        Ok(())
    }

    pub(super) fn failed(&mut self, doing: &str, error: &io::Error) -> String {
        self.log = None;
        self.due = true;
        self.full = disk::reason(error) == "full";
        let problem = self.queue.failed(&format!("{doing} {}", self.files.log(self.next).display()), error);
        self.wait_longer();
        problem
    }

    pub(super) fn wait_longer(&mut self) {
        let wait = self.retry.map_or(RETRY.0, |(_, wait)| (wait * 2).min(RETRY.1));
        self.retry = Some((Instant::now() + wait, wait));
    }
}
