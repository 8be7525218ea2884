//! The article's app, and a Python that can run it and its load test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::serve::Switch;
use crate::programs::{self, Program};
use crate::settings;

/// Packages that the app needs; each is asked for its version.
const ASK: &str =
    "import platform, importlib.metadata as m, fastapi, uvicorn, psutil, prometheus_client, requests
print('python', platform.python_version())
for name in ('fastapi', 'uvicorn', 'prometheus-client'): print(name, m.version(name))";

/// How it is installed.
pub const INSTALL: &str = "no Python has what the article's app needs (fastapi, prometheus-client, psutil, requests, uvicorn): \
                           `make tools` installs it into target/peers";

/// An interpreter that has all of it, and the app's file.
#[derive(Debug)]
pub struct Python {
    /// The interpreter.
    pub path: PathBuf,
    /// Where the app was written.
    folder: String,
    /// Versions by name.
    pub versions: BTreeMap<String, String>,
}

impl Python {
    /// The one that the project's make installs packages for, else the one on the PATH; none: neither has them.
    ///
    /// # Errors
    ///
    /// Where the app cannot be written into the folder.
    pub fn find(folder: &Path) -> anyhow::Result<Option<Self>> {
        let lab = std::env::current_exe().unwrap_or_default();
        // target/release/pushpull-lab, target/debug/deps/lab-…: the environment is in target/peers.
        let beside = lab.ancestors().take(4).map(|folder| folder.join("peers/venv/bin/python3"));
        let mut all = beside.filter(|python| python.is_file()).chain(programs::on_path("python3"));
        let Some((path, versions)) = all.find_map(|path| versions(&path).map(|versions| (path, versions)))
        else {
            return Ok(None);
        };
        settings::write(folder, "app.py", include_str!("../../article/app.py"))?;
        Ok(Some(Self { path, folder: folder.display().to_string(), versions }))
    }

    /// The app under uvicorn as the article runs it, one worker, with and without what measures and what works.
    pub fn app(&self, port: u16, instruments: Switch, work: Switch) -> Program {
        let number = |switch| if switch == Switch::On { "1" } else { "0" }.to_owned();
        let port = port.to_string();
        let words = ["-m", "uvicorn", "app:app", "--app-dir", &self.folder, "--port", &port];
        let quiet = ["--log-level", "error", "--no-access-log"];
        let mut program = Program::new(&self.path, words.into_iter().chain(quiet));
        program.environment = vec![("INSTRUMENTS", number(instruments)), ("WORK", number(work))];
        program
    }
}

fn versions(python: &Path) -> Option<BTreeMap<String, String>> {
    let asked = Command::new(python).args(["-c", ASK]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let answer = asked.ok().filter(|answer| answer.status.success())?;
    let pair = |line: &str| line.split_once(' ').map(|(name, version)| (name.to_owned(), version.to_owned()));
    Some(String::from_utf8_lossy(&answer.stdout).lines().filter_map(pair).collect())
}
