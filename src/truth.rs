//! The ground truth of a measurement: a record of each event, written before it is answered.
//!
//! What monitoring loses can be told only against something that loses nothing. A record that the
//! kernel has taken survives a SIGKILL of this process, unlike anything that is kept here.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use quanta::Instant;

use crate::metrics::{Instruments, Rejection};
use crate::routes::Route;

/// Instruments that also write each event to a file: 8 bytes, little endian, Unix time in nanoseconds.
#[derive(Debug, Clone)]
pub struct Recorded<I> {
    instruments: I,
    file: Arc<File>,
}

impl<I> Recorded<I> {
    /// Appends to this file, which is made where it is missing.
    pub fn new(instruments: I, file: &Path) -> io::Result<Self> {
        let file = Arc::new(OpenOptions::new().create(true).append(true).open(file)?);
        Ok(Self { instruments, file })
    }

    fn record(&self) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // In one write, so that a reader and a SIGKILL find whole records only (O_APPEND, POSIX write(2)).
        let nanoseconds = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        (&*self.file).write_all(&nanoseconds.to_le_bytes())
    }
}

impl<I: Instruments> Instruments for Recorded<I> {
    type Request = I::Request;

    fn begin(&self, method: &Method, route: Route) -> Self::Request {
        self.instruments.begin(method, route)
    }

    fn rejected(&self, reason: Rejection) {
        self.instruments.rejected(reason);
    }

    fn work_began(&self) -> Option<Instant> {
        self.instruments.work_began()
    }

    fn work_ended(&self, began: Option<Instant>) {
        self.instruments.work_ended(began);
        if let Err(error) = self.record() {
            // The answer goes out: the measurement is spoilt, the service is not.
            tracing::error!(%error, "an event is missing from truth.file");
        }
    }
}
