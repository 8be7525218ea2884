//! The agent and its peers as processes, and what the kernel says they use.

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::double::Double;

/// What is asked of all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) targets: usize,
    pub(crate) series: usize,
    /// In milliseconds.
    pub(crate) interval: u64,
    pub(crate) host: bool,
}

/// How ours writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Writes {
    pub(crate) protocol: &'static str,
    /// When a spool on disk is forced there; without, samples wait in memory.
    pub(crate) fsync: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Pushes groups.
    Ours,
    /// Ours, by remote write.
    Writes(Writes),
    Vmagent,
    Prometheus,
    NodeExporter,
}

impl Kind {
    pub(crate) fn name(self) -> String {
        let name = match self {
            Self::Ours => "pushpull-agent",
            Self::Vmagent => "vmagent",
            Self::Prometheus => "Prometheus, agent mode",
            Self::NodeExporter => "node_exporter alone",
            Self::Writes(Writes { protocol, fsync }) => {
                let spool = fsync.map_or("in memory".to_owned(), |when| format!("on disk, fsync {when}"));
                return format!("ours, {protocol}, {spool}");
            }
        };
        name.to_owned()
    }

    fn program(self) -> PathBuf {
        match self {
            Self::Ours | Self::Writes(_) => env!("CARGO_BIN_EXE_pushpull-agent").into(),
            Self::Vmagent => "vmagent".into(),
            Self::Prometheus => "prometheus".into(),
            Self::NodeExporter => "prometheus-node-exporter".into(),
        }
    }
}

/// Says how missing peers are installed.
pub(crate) fn check() -> Result<(), String> {
    for (program, package) in [
        ("vmagent", "victoria-metrics"),
        ("prometheus", "prometheus"),
        ("prometheus-node-exporter", "prometheus-node-exporter"),
    ] {
        let found =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.map_err(|_| format!("{program} is missing: sudo apt-get install {package}"))?;
    }
    Ok(())
}

pub(crate) struct Running {
    child: Child,
    command: Command,
    port: u16,
    folder: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Running {
    pub(crate) fn start(kind: Kind, ask: &Ask, double: &Double) -> Self {
        // What nobody asked for is not to be paid for: the least that vmagent's manual allows.
        Self::with_disk(kind, ask, double, "500MB")
    }

    /// Where what waits on the disk may take so much, in vmagent's spelling or ours.
    pub(crate) fn with_disk(kind: Kind, ask: &Ask, double: &Double, disk: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("config");
        let data = folder.path().join("data").display().to_string();
        let address = double.address;
        let listen = format!("127.0.0.1:{port}");
        let ours = |sink: &str| {
            std::fs::write(&file, ours(ask, double, &listen, sink)).unwrap();
            vec!["--config".to_owned(), file.display().to_string()]
        };
        let arguments = match kind {
            Kind::Ours => ours(&format!("[[push]]\nurl = \"http://{address}\"\nrate = 10000\n")),
            Kind::Writes(writes) => ours(&remote_write(writes, double, &data, disk)),
            Kind::Vmagent => {
                std::fs::write(&file, prometheus(ask, double, "")).unwrap();
                vec![
                    format!("-promscrape.config={}", file.display()),
                    format!("-remoteWrite.url=http://{address}/write"),
                    format!("-remoteWrite.tmpDataPath={data}"),
                    format!("-httpListenAddr={listen}"),
                    format!("-remoteWrite.maxDiskUsagePerURL={disk}"),
                ]
            }
            Kind::Prometheus => {
                let write = format!("remote_write: [{{url: 'http://{address}/write'}}]\n");
                std::fs::write(&file, prometheus(ask, double, &write)).unwrap();
                vec![
                    "--enable-feature=agent".to_owned(),
                    format!("--config.file={}", file.display()),
                    format!("--storage.agent.path={data}"),
                    format!("--web.listen-address={listen}"),
                ]
            }
            Kind::NodeExporter => vec![format!("--web.listen-address={listen}")],
        };
        let mut command = Command::new(kind.program());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child: command.spawn().unwrap(), command, port, folder }
    }

    /// As SIGKILL does it, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Anew, with the same settings and the same data.
    pub(crate) fn again(&mut self) {
        self.child = self.command.spawn().unwrap();
    }

    /// Whether it has not ended by itself.
    pub(crate) fn lives(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_none())
    }

    /// Where its data are.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// CPU seconds of all threads so far.
    pub(crate) fn cpu(&self) -> f64 {
        cpu(self.child.id())
    }

    /// Resident MiB now.
    pub(crate) fn resident(&self) -> f64 {
        resident(self.child.id())
    }

    /// Reads its page, where it is what is read; waits until it is there.
    pub(crate) fn scrape(&self) {
        let mut stream = loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(stream) => break stream,
                Err(_) => std::thread::yield_now(),
            }
        };
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
        let mut page = Vec::new();
        stream.read_to_end(&mut page).unwrap();
        assert!(page.starts_with(b"HTTP/1.1 200"), "node_exporter answers no page");
    }
}

/// CPU seconds of all threads of a process so far (`proc_pid_schedstat`).
pub(crate) fn cpu(process: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let spent = tasks.flatten().filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    });
    spent.sum::<f64>() / 1e9
}

/// Resident MiB of a process now.
pub(crate) fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
}

fn paths(ask: &Ask) -> impl Iterator<Item = String> {
    let series = ask.series;
    (0..ask.targets).map(move |number| format!("/series/{series}/{number}/metrics"))
}

fn ours(ask: &Ask, double: &Double, listen: &str, sink: &str) -> String {
    let address = double.address;
    let mut text = format!(
        "interval = \"{}ms\"\n[identity]\ninstance = \"bench\"\n[host]\nenabled = {}\n[log]\nlevel = \"off\"\n\
         [pull]\nlisten = \"{listen}\"\n{sink}",
        ask.interval, ask.host
    );
    for (number, path) in paths(ask).enumerate() {
        // A timeout as the peers have it.
        write!(text, "[[scrape]]\nurl = \"http://{address}{path}\"\ninstance = \"i{number}\"\n").unwrap();
    }
    text
}

fn remote_write(writes: Writes, double: &Double, data: &str, disk: &str) -> String {
    let (address, protocol) = (double.address, writes.protocol);
    let spool = match writes.fsync {
        Some(when) => format!("spool = {{ dir = \"{data}\", max_bytes = \"{disk}\", fsync = \"{when}\" }}\n"),
        None => String::new(),
    };
    format!("[[remote_write]]\nurl = \"http://{address}/write\"\nprotocol = \"{protocol}\"\n{spool}")
}

fn prometheus(ask: &Ask, double: &Double, write: &str) -> String {
    let address = double.address;
    let mut text = format!(
        "global: {{scrape_interval: {0}ms, scrape_timeout: {0}ms}}\n{write}scrape_configs:\n- job_name: bench\n  static_configs:\n",
        ask.interval
    );
    for (number, path) in paths(ask).enumerate() {
        writeln!(
            text,
            "  - {{targets: ['{address}'], labels: {{__metrics_path__: '{path}', instance: 'i{number}'}}}}"
        )
        .unwrap();
    }
    text
}
