//! Our API and the article's app, each with instruments and without, at two operating points.

use std::path::Path;

use super::rounds::{Round, alternate, over, saturated, working};
use super::{Lab, Measured, serve};
use crate::compare::results::Cell;
use crate::figure::cell;
use crate::load::plan::Plan;
use crate::programs::Program;
use crate::subject::Subject;
use crate::{article, python};

/// The article's work, in milliseconds.
const WORK: [u64; 2] = [100, 500];

pub(super) async fn api(lab: &Lab<'_>) -> anyhow::Result<Measured> {
    let start = async |bare: bool, work: [u64; 2]| {
        let name = if bare { "bare api" } else { "api" };
        Subject::start(name, |port| serve::program(port, bare, work), "/-/ready", &lab.client, &lab.log).await
    };
    let mut measured = both(lab, "api", start).await?;
    measured.notes.push(
        "each server has one thread; bare is the same program without instruments and without the collection \
         of its own metrics each second"
            .to_owned(),
    );
    Ok(measured)
}

pub(super) async fn fastapi(lab: &Lab<'_>, python: &Path) -> anyhow::Result<Measured> {
    let folder = lab.folder.path();
    article::programs(folder)?;
    let start = async |bare: bool, work: [u64; 2]| {
        let name = if bare { "bare fastapi" } else { "fastapi" };
        let program = |port| {
            let mut program = Program::new(python, python::uvicorn(folder, port));
            let switch = |on: bool| if on { "1" } else { "0" }.to_owned();
            program.environment = vec![("WORK", switch(work[1] > 0)), ("INSTRUMENTS", switch(!bare))];
            Ok(program)
        };
        Subject::start(name, program, "/metrics", &lab.client, &lab.log).await
    };
    let mut measured = both(lab, "fastapi", start).await?;
    measured.notes.push(
        "uvicorn with one worker; bare is the app without its middleware, its instruments and its thread that \
         collects"
            .to_owned(),
    );
    Ok(measured)
}

/// Without work as many requests as go; with it the asked rate.
async fn both(
    lab: &Lab<'_>,
    path: &str,
    start: impl AsyncFn(bool, [u64; 2]) -> anyhow::Result<Subject>,
) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let (many, few) = (lab.arguments.rounds, lab.arguments.few());
    let points =
        [("work 0", [0, 0], saturated(), many), ("work 100–500 ms", WORK, working(lab.arguments.rate), few)];
    for (cohort, work, plan, rounds) in points {
        let starting = async { Ok([start(false, work).await?, start(true, work).await?]) };
        let Some([with, without]) = lab.unless_stopped(starting).await? else { break };
        let all = alternate([&with, &without], &plan, rounds, &lab.stop).await?;
        let memory = [with.memory()?, without.memory()?];
        tokio::join!(with.stop(), without.stop());
        measured.rounds(cohort, all.len(), rounds);
        if !all.is_empty() {
            measured.cells.push(figures(path, cohort, &plan, &all, memory));
        }
    }
    measured
        .notes
        .push("each slice opens its connections anew: their CPU is counted on both sides".to_owned());
    noise(&mut measured);
    Ok(measured)
}

fn figures(path: &str, cohort: &str, plan: &Plan, rounds: &[Round], memory: [f64; 2]) -> Cell {
    // Where as many requests go as can, a latency only says how many connections wait.
    let latency = |figure| if plan.open() { figure } else { None };
    let n = rounds.len() as u64;
    cell(
        path,
        cohort,
        [
            ("cpu_ratio", over(rounds, |with, without| with.cpu / without.cpu)),
            ("cpu_per_request_seconds", over(rounds, |with, _| with.cpu)),
            ("cpu_per_request_bare_seconds", over(rounds, |_, without| without.cpu)),
            ("latency_p50_added_seconds", latency(over(rounds, |with, without| with.p50 - without.p50))),
            ("latency_p99_added_seconds", latency(over(rounds, |with, without| with.p99 - without.p99))),
            ("memory_bytes", crate::figure::once(memory[0], n)),
            ("memory_bare_bytes", crate::figure::once(memory[1], n)),
        ],
    )
}

/// Says where an added latency cannot be told from none.
fn noise(measured: &mut Measured) {
    for cell in &measured.cells {
        for name in ["latency_p50_added_seconds", "latency_p99_added_seconds"] {
            let Some([low, high]) = cell.figures.get(name).and_then(|figure| figure.interval) else {
                continue;
            };
            if low <= 0.0 && high >= 0.0 {
                measured.notes.push(format!(
                    "{} at {}: lost in noise, {:+.1} to {:+.1} ms: the work itself is {} to {} ms at random",
                    name.trim_end_matches("_seconds"),
                    cell.cohort,
                    low * 1e3,
                    high * 1e3,
                    WORK[0],
                    WORK[1]
                ));
            }
        }
    }
}
