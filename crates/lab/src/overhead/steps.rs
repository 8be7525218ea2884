//! What is measured, one function each: what it starts, loads, and makes figures of.

use std::path::Path;
use std::time::Instant;

use super::apps::turns;
use super::arguments::{Part, Sizes};
use super::beside::{self, Beside};
use super::python::Python;
use super::rounds::{self, Figures};
use super::serve::Switch;
use super::server::Place;
use super::slice::Load;
use crate::compare::machine;
use crate::compare::record::moment;
use crate::compare::results::{Cell, Run};

/// Connections that keep a server busy: fewer than the 40 threads that the article's app works on.
pub const CONNECTIONS: usize = 32;
/// Requests a second on the article's work: the most that the article tried.
pub const RATE: u32 = 100;
/// Connections for that: an answer takes half a second at most, so that 50 are busy.
const AT_WORK: usize = 60;

/// A run that is under way.
#[derive(Debug)]
pub struct Draft {
    /// What it is of.
    pub part: Part,
    /// What is known so far.
    pub run: Run,
    began: Instant,
}

impl Draft {
    /// One that has not begun.
    pub fn new(part: Part) -> Self {
        let run = Run {
            scenario: format!("overhead/{}", part.name()),
            repeat: 1,
            seed: 1,
            began: moment(),
            seconds: 0.0,
            load_average: [0.0, 0.0],
            skipped: None,
            notes: Vec::new(),
            cells: Vec::new(),
            lines: Vec::new(),
        };
        Self { part, run, began: Instant::now() }
    }

    fn begin(&mut self) {
        let (load, cores) = (machine::load(), machine::machine().cores);
        if load > f64::from(cores) {
            let note = "the machine was busy before, and latencies hold that, too";
            self.run.notes.push(format!("{note}: load {load} on {cores} cores"));
        }
        (self.began, self.run.began, self.run.load_average) = (Instant::now(), moment(), [load, load]);
    }

    /// What is kept of it; none where nothing was measured and nobody said why.
    pub fn run(self) -> Option<Run> {
        (!self.run.cells.is_empty() || self.run.skipped.is_some()).then_some(self.run)
    }

    fn add(&mut self, cohort: &str, figures: Figures, notes: Vec<String>) {
        if !figures.is_empty() {
            let (path, cohort) = (self.part.name().to_owned(), cohort.to_owned());
            self.run.cells.push(Cell { path, cohort, figures });
        }
        self.run.notes.extend(notes);
        self.run.seconds = self.began.elapsed().as_secs_f64();
        self.run.load_average[1] = machine::load();
    }
}

/// An app without work, kept busy: what its instruments cost a request.
///
/// # Errors
///
/// Where a server does not start, or ends.
pub async fn busy(
    draft: &mut Draft,
    sizes: &Sizes,
    place: &Place,
    python: Option<&Python>,
) -> anyhow::Result<()> {
    draft.begin();
    let load = (Load::Busy(CONNECTIONS), sizes.busy_slice, sizes.busy);
    let rounds = turns(draft.part, Switch::Off, load, place, python).await?;
    let mut figures = Figures::new();
    rounds::cpu(&mut figures, &rounds);
    draft.add("no-work", figures, rounds::note("no-work", &rounds, sizes.busy));
    Ok(())
}

/// An app with the article's work, at the article's highest rate: what its instruments add to a request's time.
///
/// # Errors
///
/// Where a server does not start, or ends.
pub async fn quiet(
    draft: &mut Draft,
    sizes: &Sizes,
    place: &Place,
    python: Option<&Python>,
) -> anyhow::Result<()> {
    let load = (Load::At { rate: RATE, connections: AT_WORK }, sizes.quiet_slice, sizes.quiet);
    let rounds = turns(draft.part, Switch::On, load, place, python).await?;
    let mut figures = Figures::new();
    rounds::cpu(&mut figures, &rounds);
    rounds::latency(&mut figures, &rounds);
    draft.add("article-work", figures, rounds::note("article-work", &rounds, sizes.quiet));
    Ok(())
}

/// An agent beside our API, with a short and a long interval at once.
///
/// # Errors
///
/// Where a process does not start, or ends.
pub async fn agent(draft: &mut Draft, sizes: &Sizes, place: &Place, folder: &Path) -> anyhow::Result<()> {
    draft.begin();
    let gateway = beside::gateway(place).await?;
    let measured = sizes.intervals.map(|interval| {
        // As many as fit into the time of the longer ones.
        let windows = sizes.windows.as_millis() / interval.window.as_millis().max(1);
        let windows = u32::try_from(windows).unwrap_or(u32::MAX);
        let gateway = &gateway;
        async move {
            let pairs = (0..interval.pairs).map(|_| {
                let each = (interval.window, windows);
                beside::measure(place, folder, gateway, interval.seconds, each, &place.stop)
            });
            let mut all = Beside::default();
            for pair in futures_util::future::try_join_all(pairs).await? {
                all.add(pair);
            }
            let asked = windows.saturating_mul(u32::try_from(interval.pairs).unwrap_or(u32::MAX));
            anyhow::Ok((interval.seconds, asked, all))
        }
    });
    for (seconds, asked, beside) in futures_util::future::try_join_all(measured).await? {
        let cohort = format!("{seconds}s");
        let notes = rounds::note(&cohort, &beside.rounds, asked);
        draft.add(&cohort, beside.figures(), notes);
    }
    gateway.stop().await;
    Ok(())
}
