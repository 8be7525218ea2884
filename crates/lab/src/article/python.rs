//! A Python that has what the article's app and script need.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::bail;

use crate::programs;

/// What is imported.
const NEEDED: &str = "import fastapi, prometheus_client, psutil, requests, uvicorn";

/// The interpreter of the environment that `make tools` makes, else the one on the PATH.
pub(super) fn find() -> anyhow::Result<PathBuf> {
    let lab = std::env::current_exe().unwrap_or_default();
    // target/release/pushpull-lab, target/debug/deps/lab-…: the environment is in target/peers.
    let beside = lab.ancestors().take(4).map(|folder| folder.join("peers/venv/bin/python3"));
    let all: Vec<PathBuf> =
        beside.filter(|python| python.is_file()).chain(programs::on_path("python3")).collect();
    let works = |python: &PathBuf| {
        let tried = Command::new(python)
            .args(["-c", NEEDED])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    };
    match all.iter().find(|python| works(python)) {
        Some(python) => Ok(python.clone()),
        None => bail!(
            "no Python has what the article's app needs (fastapi, prometheus-client, psutil, requests, uvicorn): \
             `make tools` installs it into target/peers, or: pip install -r crates/lab/article/requirements.txt"
        ),
    }
}
