//! Runs all that is planned, lane beside lane; what is finished is kept at once.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use futures_util::future::{join, join_all};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::measure;
use super::plan::{self, Job, Plan};
use super::play::{Act, play};
use super::progress::Progress;
use super::record::{self, Record};
use super::results::Run;
use super::scenario::{Fault, Times};
use super::schedule;
use super::stage::{FOLDERS, Stage};
use crate::process::Log;

/// What all lanes share.
pub struct Lanes {
    /// The intervals.
    pub times: Times,
    /// What all runs' seeds come from.
    pub seed: u64,
    /// Where results go.
    pub record: Mutex<Record>,
    /// Where the children's lines go; none: away with the run.
    pub logs: Option<PathBuf>,
    /// How far it is.
    pub progress: Progress,
    /// Scenarios that are being played.
    pub under_way: Mutex<Vec<&'static str>>,
    /// Ends all.
    pub stop: CancellationToken,
}

impl Lanes {
    /// Runs all; returns what failed.
    ///
    /// # Errors
    ///
    /// Where results cannot be kept: then nothing more is worth being run.
    pub async fn run(&self, plan: Plan) -> anyhow::Result<Vec<String>> {
        let failed = Mutex::new(Vec::new());
        let [alone, beside, shared] = [plan.alone, plan.beside, plan.shared].map(Mutex::new);
        self.lane(&alone, &failed).await?;
        let lanes = join_all((0..plan.lanes.max(1)).map(|_| self.lane(&shared, &failed)));
        let (beside, lanes) = join(self.lane(&beside, &failed), lanes).await;
        beside?;
        lanes.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
        Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    async fn lane(&self, queue: &Mutex<VecDeque<Job>>, failed: &Mutex<Vec<String>>) -> anyhow::Result<()> {
        loop {
            let next = self.next(queue);
            let Some(job) = next.filter(|_| !self.stop.is_cancelled()) else { return Ok(()) };
            let name = format!("{} {}", job.scenario.name, job.repeat);
            self.progress.begin(&name, plan::seconds(&job.scenario, &self.times));
            match self.job(&job).await {
                Ok(run) => {
                    let how = run.skipped.clone().map_or("done".to_owned(), |why| format!("skipped: {why}"));
                    let notes = run.notes.clone();
                    let kept = lock(&self.record).add(run);
                    if let Err(error) = kept {
                        // Whatever else is run would be lost, too.
                        self.stop.cancel();
                        return Err(error);
                    }
                    self.progress.end(&name, &how);
                    for note in notes {
                        self.progress.line(&format!("{name}: note: {note}"));
                    }
                }
                Err(_) if self.stop.is_cancelled() => self.progress.end(&name, "interrupted"),
                Err(error) => {
                    self.progress.end(&name, &format!("failed: {error:#}"));
                    lock(failed).push(name);
                }
            }
            lock(&self.under_way).retain(|scenario| *scenario != job.scenario.name);
        }
    }

    /// The next job; where there is one, of a scenario that is not under way: two repeats of the one with most
    /// instances are more than two processors can do at once.
    fn next(&self, queue: &Mutex<VecDeque<Job>>) -> Option<Job> {
        let (mut queue, mut under_way) = (lock(queue), lock(&self.under_way));
        let other = queue.iter().position(|job| !under_way.contains(&job.scenario.name));
        let job = queue.remove(other.unwrap_or(0))?;
        under_way.push(job.scenario.name);
        Some(job)
    }

    async fn job(&self, job: &Job) -> anyhow::Result<Run> {
        let scenario = &job.scenario;
        let seed = schedule::seed(self.seed, scenario.name, job.repeat);
        let cuts = scenario.faults.iter().any(|fault| matches!(fault, Fault::LinkCut { .. }));
        if let Some(missing) = Stage::missing(scenario.network, cuts) {
            let run = record::under_way(scenario.name, job.repeat, seed).ended();
            return Ok(Run { skipped: Some(missing), ..run });
        }
        let folder = tempfile::Builder::new().prefix(&format!("{FOLDERS}{}-", std::process::id())).tempdir();
        let folder = folder.context("no folder for temporary files")?;
        room(folder.path())?;
        let log = self.log(folder.path(), &format!("{}-{}", scenario.name, job.repeat))?;
        let act = Act { scenario: scenario.clone(), times: self.times, seed };
        let under_way = record::under_way(scenario.name, job.repeat, seed);
        let mut observed = play(&act, folder.path(), &log, &self.stop).await?;
        // A Prometheus that cannot store goes on, and so would a run with figures of what it could not store.
        room(folder.path())?;
        let mut run = under_way.ended();
        run.notes = std::mem::take(&mut observed.notes);
        // Thousands of resamples take their time, and other lanes' clients have theirs.
        (run.cells, run.lines) = spawn_blocking(move || {
            let cells = measure::cells(&act.scenario, &act.times, &observed);
            (cells, measure::lines(&observed))
        })
        .await?;
        Ok(run)
    }

    fn log(&self, folder: &Path, name: &str) -> anyhow::Result<Log> {
        let folder = self.logs.as_deref().unwrap_or(folder);
        let file = folder.join(format!("{name}.log"));
        let made = std::fs::create_dir_all(folder).and_then(|()| std::fs::File::create(&file));
        Ok(Log::file(made.with_context(|| format!("cannot write {}", file.display()))?))
    }
}

/// What every Prometheus of a run stores is less by far.
const LEAST_FREE: u64 = 100 << 20;

/// An error where a disk is all but full.
fn room(folder: &Path) -> anyhow::Result<()> {
    let disk = rustix::fs::statvfs(folder).with_context(|| format!("cannot look at {}", folder.display()))?;
    let free = disk.f_bavail * disk.f_frsize;
    anyhow::ensure!(
        free >= LEAST_FREE,
        "the disk of {} has {} MiB left, expected {} or more: TMPDIR names another",
        folder.display(),
        free >> 20,
        LEAST_FREE >> 20
    );
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
