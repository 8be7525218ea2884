//! The agent and its peers as processes, and what the kernel says they use.

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::Ask;
use super::double::Double;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    Vmagent,
    Prometheus,
    NodeExporter,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "pushpull-agent",
            Self::Vmagent => "vmagent",
            Self::Prometheus => "Prometheus, agent mode",
            Self::NodeExporter => "node_exporter alone",
        }
    }

    fn program(self) -> PathBuf {
        match self {
            Self::Ours => env!("CARGO_BIN_EXE_pushpull-agent").into(),
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
    port: u16,
    _folder: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    pub(crate) fn start(kind: Kind, ask: &Ask, double: &Double) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("config");
        let data = folder.path().join("data").display().to_string();
        let address = double.address;
        let listen = format!("127.0.0.1:{port}");
        let arguments = match kind {
            Kind::Ours => {
                std::fs::write(&file, ours(ask, double, &listen)).unwrap();
                vec!["--config".to_owned(), file.display().to_string()]
            }
            Kind::Vmagent => {
                std::fs::write(&file, prometheus(ask, double, "")).unwrap();
                vec![
                    format!("-promscrape.config={}", file.display()),
                    format!("-remoteWrite.url=http://{address}/write"),
                    format!("-remoteWrite.tmpDataPath={data}"),
                    format!("-httpListenAddr={listen}"),
                    // What nobody asked for is not to be paid for.
                    "-remoteWrite.maxDiskUsagePerURL=500MB".to_owned(),
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
        let child = Command::new(kind.program())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, port, _folder: folder }
    }

    /// CPU seconds of all threads so far (`proc_pid_schedstat`).
    pub(crate) fn cpu(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let spent = tasks.flatten().filter_map(|task| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        });
        spent.sum::<f64>() / 1e9
    }

    /// Resident MiB now.
    pub(crate) fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
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

fn paths(ask: &Ask) -> impl Iterator<Item = String> {
    let series = ask.series;
    (0..ask.targets).map(move |number| format!("/series/{series}/{number}/metrics"))
}

fn ours(ask: &Ask, double: &Double, listen: &str) -> String {
    let address = double.address;
    let mut text = format!(
        "interval = \"{}ms\"\n[identity]\ninstance = \"bench\"\n[host]\nenabled = {}\n[log]\nlevel = \"off\"\n\
         [pull]\nlisten = \"{listen}\"\n[[push]]\nurl = \"http://{address}\"\nrate = 10000\n",
        ask.interval, ask.host
    );
    for (number, path) in paths(ask).enumerate() {
        // A timeout as the peers have it.
        write!(text, "[[scrape]]\nurl = \"http://{address}{path}\"\ninstance = \"i{number}\"\n").unwrap();
    }
    text
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
