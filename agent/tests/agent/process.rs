//! The agent as a real child process on a port of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::peers;

/// A running agent, ended with the test.
pub(crate) struct Agent {
    child: Child,
    pub(crate) port: u16,
    log: Arc<Mutex<String>>,
    /// With the file of settings.
    folder: tempfile::TempDir,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the settings to a file of their own and starts the agent with it.
pub(crate) fn start(settings: &str) -> Agent {
    start_with(settings, &[])
}

/// The same with more environment variables.
pub(crate) fn start_with(settings: &str, env: &[(&str, &str)]) -> Agent {
    start_as(settings, &[], env)
}

/// The same with arguments.
pub(crate) fn start_as(settings: &str, arguments: &[&str], env: &[(&str, &str)]) -> Agent {
    started(Command::new(env!("CARGO_BIN_EXE_pushpull-agent")), settings, arguments, env)
}

/// The same in what a shell script makes around it, which has the agent's command as its arguments.
pub(crate) fn start_in(script: &str, settings: &str, env: &[(&str, &str)]) -> Agent {
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-ec", script, "sh", env!("CARGO_BIN_EXE_pushpull-agent")]);
    started(command, settings, &[], env)
}

/// Whether mounts and control groups can be made here.
pub(crate) fn may_mount() -> bool {
    let may = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
    may.is_ok_and(|status| status.success())
}

fn started(mut command: Command, settings: &str, arguments: &[&str], env: &[(&str, &str)]) -> Agent {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    std::fs::write(&file, listening(settings)).unwrap();
    let mut child = command
        .arg("--config")
        .arg(&file)
        .args(arguments)
        .envs(env.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = Arc::new(Mutex::new(String::new()));
    let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&log));
    std::thread::spawn(move || {
        for line in lines.lines().map_while(Result::ok) {
            kept.lock().unwrap().push_str(&format!("{line}\n"));
        }
    });
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
    let port = port.unwrap_or_else(|| panic!("{line}{}", log.lock().unwrap()));
    Agent { child, port, log, folder }
}

fn listening(settings: &str) -> String {
    format!("{settings}\n[pull]\nlisten = \"127.0.0.1:0\"\n")
}

/// A run that is expected to end by itself: its exit code, and what it said.
pub(crate) fn run(settings: &str, arguments: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    std::fs::write(&file, settings).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pushpull-agent"))
        .arg("--config")
        .arg(&file)
        .args(arguments)
        .envs(env.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

/// Waits for a condition, and says what it is where it does not come.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "never came: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

impl Agent {
    pub(crate) fn metrics(&self) -> String {
        peers::request(self.port, "GET", "/metrics", b"").map_or(String::new(), |(_, body)| body)
    }

    /// The value of the first series that begins like this.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        let page = self.metrics();
        let line = page.lines().find(|line| line.starts_with(series))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// All that it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    pub(crate) fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.pid().to_string()]).status().unwrap().success());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its file of settings is.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Writes other settings into its file, as editors do: whole or not at all.
    pub(crate) fn rewrite(&self, settings: &str) {
        self.rewrite_whole(&listening(settings));
    }

    /// The same with a listener of their own.
    pub(crate) fn rewrite_whole(&self, settings: &str) {
        let (new, file) = (self.folder.path().join("new"), self.folder.path().join("agent.toml"));
        std::fs::write(&new, settings).unwrap();
        std::fs::rename(new, file).unwrap();
    }

    /// Asks for a reload by POST: the status, and what was said.
    pub(crate) fn reload(&self) -> (u16, String) {
        peers::request(self.port, "POST", "/-/reload", b"").unwrap()
    }

    /// Waits for its end; its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let mut code = None;
        eventually("the agent's end", || {
            code = self.child.try_wait().unwrap().map(|status| status.code());
            code.is_some()
        });
        code.flatten()
    }

    /// Resident memory in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}
