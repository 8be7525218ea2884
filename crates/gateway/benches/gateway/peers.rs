//! Our gateway and the real one as processes, and what the kernel says they use.

use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    Checked,
    Unchecked,
}

pub(crate) const ALL: [Kind; 3] = [Kind::Ours, Kind::Checked, Kind::Unchecked];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "pushpull-gateway",
            Self::Checked => "Pushgateway",
            Self::Unchecked => "Pushgateway, check off",
        }
    }
}

/// Says how a missing peer is installed.
pub(crate) fn check() -> Result<(), String> {
    let mut version = Command::new("prometheus-pushgateway");
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    let missing =
        |_| "prometheus-pushgateway is missing: sudo apt-get install prometheus-pushgateway".to_owned();
    version.status().map(drop).map_err(missing)
}

pub(crate) struct Running {
    child: Child,
    pub(crate) port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts one; the real one loads what is in `file`, and writes there when it ends.
    pub(crate) fn start(kind: Kind, file: Option<&Path>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut arguments = vec![format!("--web.listen-address=127.0.0.1:{port}")];
        if kind == Kind::Ours {
            arguments.extend(["--limit.connections=20000", "--log.level=error"].map(str::to_owned));
        } else {
            let file = file.map(|file| file.display().to_string()).unwrap_or_default();
            arguments.extend([format!("--persistence.file={file}"), "--log.level=error".to_owned()]);
        }
        if kind == Kind::Unchecked {
            arguments.push("--push.disable-consistency-check".to_owned());
        }
        let program = match kind {
            Kind::Ours => env!("CARGO_BIN_EXE_pushpull-gateway"),
            _ => "prometheus-pushgateway",
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Self { child: command.spawn().unwrap(), port };
        let end = Instant::now() + Duration::from_mins(1);
        while !running.get("/-/ready", false).starts_with(b"HTTP/1.1 200") {
            assert!(Instant::now() < end, "{} did not become ready", kind.name());
            std::thread::yield_now();
        }
        running
    }

    /// Ends it by SIGTERM, so that it writes its file.
    pub(crate) fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        self.child.wait().unwrap();
    }

    /// CPU seconds of all threads so far, those that ended among them (proc(5), `stat`).
    pub(crate) fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // Hundredths of a second on every Linux.
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Resident bytes now.
    pub(crate) fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1024.0
    }

    /// A whole answer; nothing where nobody answers.
    pub(crate) fn get(&self, path: &str, gzip: bool) -> Vec<u8> {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return Vec::new() };
        let gzip = if gzip { "accept-encoding: gzip\r\n" } else { "" };
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n{gzip}connection: close\r\n\r\n");
        let mut answer = Vec::new();
        let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut answer));
        answer
    }
}
