//! One collector on a thread of its own, with what it keeps between two readings.

use std::time::{Duration, Instant};

use exposition::{Page, PageBuilder};
use service::apart::{Apart, NoResult};

use super::{Collector, Machine};

/// What a thread brings back.
#[derive(Debug)]
struct Reading {
    machine: Machine,
    page: Page,
    failure: Option<String>,
    took: Duration,
}

/// What became of one reading.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) name: &'static str,
    pub(super) page: Page,
    pub(super) failure: Option<String>,
    pub(super) took: Duration,
}

#[derive(Debug)]
pub(super) struct Reader {
    pub(super) name: &'static str,
    collect: Collector,
    /// Nothing is read yet: a pattern for the first thread, and for the one after a panic.
    fresh: Machine,
    /// What the last reading left; it goes along with each thread.
    machine: Option<Machine>,
    apart: Apart<Reading>,
}

impl Reader {
    pub(super) fn new(name: &'static str, collect: Collector, fresh: Machine) -> Self {
        Self { name, collect, fresh, machine: None, apart: Apart::default() }
    }

    /// Reads, or says within so long why not. Given up before its end, it goes on with the next call.
    pub(super) async fn read(&mut self, longest: Duration) -> Report {
        match self.apart.before(longest).await {
            // It may be as old as the hang.
            Some(Ok(reading)) => self.machine = Some(reading.machine),
            Some(Err(error)) if self.apart.is_busy() => return self.failed(&error, longest),
            _ => {}
        }
        if let Err(error) = self.start() {
            return self.failed(&error, Duration::ZERO);
        }
        match self.apart.answer(longest).await {
            Ok(Reading { machine, page, failure, took }) => {
                self.machine = Some(machine);
                Report { name: self.name, page, failure, took }
            }
            Err(error) => self.failed(&error, longest),
        }
    }

    fn start(&mut self) -> Result<(), NoResult> {
        let (collect, fresh) = (self.collect, &self.fresh);
        let mut machine = self.machine.take().unwrap_or_else(|| fresh.anew());
        self.apart.start(&format!("host-{}", self.name), move || {
            let (began, mut page) = (Instant::now(), PageBuilder::new());
            let failure = collect(&mut machine, &mut page).err();
            Reading { machine, page: page.finish(), failure, took: began.elapsed() }
        })
    }

    fn failed(&self, error: &NoResult, took: Duration) -> Report {
        let failure = match error {
            NoResult::Hangs(_) => "hangs: no answer in time; the others go on without it",
            NoResult::Died => "its thread died",
        };
        let failure = failure.to_owned();
        Report { name: self.name, page: Page::empty(), failure: Some(failure), took }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::path::Path;

    use super::*;

    /// Answers as `stat` does: a pipe that nobody writes to hangs, and so does its reader.
    fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
        let mut text = String::new();
        let mut file = std::fs::File::open(machine.procfs.join("pipe")).map_err(|error| error.to_string())?;
        file.read_to_string(&mut text).map_err(|error| error.to_string())?;
        super::super::gauge(page, "a", "A.", text.trim().parse().map_err(|_| "no number")?);
        Ok(())
    }

    fn pipe(folder: &Path) -> std::path::PathBuf {
        let pipe = folder.join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        pipe
    }

    #[tokio::test]
    async fn one_that_hangs_is_told_at_once_the_next_time_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = pipe(folder.path());
        let machine = Machine::new(folder.path().into(), "/sys".into(), "/".into());
        let mut reader = Reader::new("test", collect, machine);
        let report = reader.read(Duration::from_millis(50)).await;
        assert!(report.failure.is_some_and(|failure| failure.starts_with("hangs")));
        // An hour of patience is not used on what hangs already.
        let report = reader.read(Duration::from_hours(1)).await;
        assert!(report.failure.is_some_and(|failure| failure.starts_with("hangs")));
        std::fs::OpenOptions::new().write(true).open(&pipe).unwrap().write_all(b"7\n").unwrap();
        std::fs::remove_file(&pipe).unwrap();
        std::fs::write(&pipe, "8\n").unwrap();
        // What hung for so long says 7, which is old.
        loop {
            let report = reader.read(Duration::from_secs(20)).await;
            if report.failure.is_none() {
                assert!(report.page.text().contains("a 8\n"), "{}", report.page.text());
                break;
            }
        }
    }

    #[tokio::test]
    async fn one_that_dies_is_told_and_read_again() {
        let dies: Collector = |_, _| panic!("as the test wants it");
        let machine = Machine::new("/proc".into(), "/sys".into(), "/".into());
        let mut reader = Reader::new("test", dies, machine);
        for _ in 0..2 {
            let report = reader.read(Duration::from_secs(20)).await;
            assert_eq!(report.failure.as_deref(), Some("its thread died"));
        }
    }
}
