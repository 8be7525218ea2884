//! The Python that runs the article's programs. Standard library only: a bench of the API includes this file.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What has to be importable, as Python's names.
const MODULES: &str = "fastapi, prometheus_client, psutil, requests, uvicorn";

/// Finds a Python with all that the article's programs import: that of `make tools`, else `python3`.
///
/// # Errors
///
/// Where none has it; the message says what is missing, and what installs it.
pub(crate) fn interpreter() -> Result<PathBuf, String> {
    let made = |at: &Path| at.join("peers/venv/bin/python3");
    let program = std::env::current_exe().unwrap_or_default();
    // Programs are in target/debug, benches and tests one folder below.
    let beside = program.ancestors().skip(1).take(4).map(made);
    let here = made(Path::new("target"));
    let found = beside.chain([here]).find(|file| file.is_file());
    let python = found.unwrap_or_else(|| PathBuf::from("python3"));
    check(&python).map(|()| python)
}

/// Whether this one has it.
fn check(python: &Path) -> Result<(), String> {
    let install =
        "install it with `make tools`, or: python3 -m pip install -r crates/lab/article/requirements.txt";
    let ran = Command::new(python)
        .args(["-c", &format!("import {MODULES}")])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
        format!("the article's programs need Python: {}: {error}; {install}", python.display())
    })?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    let last = said.lines().last().unwrap_or("it failed");
    Err(format!("the article's programs need {MODULES} ({}: {last}); {install}", python.display()))
}

/// What starts its app from this folder, as the article does: one worker.
pub(crate) fn uvicorn(folder: &Path, port: u16) -> Vec<String> {
    let folder = folder.display().to_string();
    let port = port.to_string();
    [
        "-m",
        "uvicorn",
        "app:app",
        "--app-dir",
        &folder,
        "--port",
        &port,
        "--log-level",
        "error",
        "--no-access-log",
    ]
    .map(str::to_owned)
    .to_vec()
}
