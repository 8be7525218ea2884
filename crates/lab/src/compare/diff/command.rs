//! The command line of `diff`, and what it ends with.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::super::results::Results;
use super::{Diff, table};

/// Two files.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The older file of results.
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// The newer one.
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// One JSON object on standard output, and nothing else there.
    #[arg(long)]
    pub json: bool,
}

/// What `--json` writes.
#[derive(Serialize)]
struct Told<'a> {
    format: &'static str,
    a: &'a PathBuf,
    b: &'a PathBuf,
    #[serde(flatten)]
    diff: &'a Diff,
}

/// Runs the command: 0 where nothing changed, 1 where something did, 2 where a file cannot be read.
pub fn command(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let read = || Ok((Results::read(&arguments.a)?, Results::read(&arguments.b)?));
    let (a, b) = match read() {
        Ok(both) => both,
        Err(error) => {
            let error: anyhow::Error = error;
            eprintln!("pushpull-lab: {error:#}");
            return Ok(ExitCode::from(2));
        }
    };
    let diff = Diff::of(&a, &b);
    let text = if arguments.json {
        let told = Told { format: "pushpull-diff/1", a: &arguments.a, b: &arguments.b, diff: &diff };
        serde_json::to_string_pretty(&told)? + "\n"
    } else {
        let name = |path: &PathBuf| path.display().to_string();
        table::text(&diff, &name(&arguments.a), &name(&arguments.b))
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // A reader such as `head` has seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            return Err(error).context("cannot write to standard output");
        }
        _ => {}
    }
    Ok(if diff.anything() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
