//! A gateway that keeps its groups, as a real process whose end the test decides.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::peers;

pub(super) struct Process {
    child: Child,
    pub(super) port: u16,
    log: std::path::PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it with these flags beside a file `groups` in the folder; what it logs is kept elsewhere.
pub(super) fn start(folder: &Path, flags: &[&str]) -> Process {
    let log = folder.with_extension("log");
    let kept = format!("--persistence.file={}", folder.join("groups").display());
    let mut child = Command::new(env!("CARGO_BIN_EXE_pushpull-gateway"))
        .args(["--web.listen-address=127.0.0.1:0", "--web.enable-lifecycle", "--web.enable-admin-api", &kept])
        .args(flags)
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
    let port = port.unwrap_or_else(|| panic!("{line}{}", std::fs::read_to_string(&log).unwrap()));
    Process { child, port, log }
}

impl Process {
    pub(super) fn request(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        peers::request(self.port, method, path, body.as_bytes()).unwrap()
    }

    pub(super) fn put(&self, path: &str, body: &str) -> u16 {
        self.request("PUT", path, body).0
    }

    /// The samples of pushed families and their times, but not the gateway's own.
    pub(super) fn groups(&self) -> Vec<String> {
        let (status, page) = self.request("GET", "/metrics", "");
        assert_eq!(status, 200, "{page}");
        let own = ["#", "push_expires", "pushgateway_", "pushpull_", "process_", "promhttp_"];
        let ours = |line: &&str| !own.iter().any(|own| line.starts_with(own));
        page.lines().filter(ours).map(ToOwned::to_owned).collect()
    }

    /// The value of one sample.
    pub(super) fn value(&self, series: &str) -> Option<f64> {
        let (_, page) = self.request("GET", "/metrics", "");
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    pub(super) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// What it has logged so far.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Asks it to end and waits until it has.
    pub(super) fn stop(mut self, signal: &str) -> String {
        let (sent, said) = peers::run("kill", &[signal, &self.pid()], b"");
        assert!(sent, "{said}");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.said());
        self.said()
    }

    /// Waits until it has ended by itself.
    pub(super) fn ended(mut self) {
        assert!(self.child.wait().unwrap().success(), "{}", self.said());
    }
}
