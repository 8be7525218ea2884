//! Real receivers of remote write that can be ended and come back at the same place.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::peers;
use super::process::eventually;

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Prometheus,
    Victoria,
}

/// A receiver with a folder and a port of its own.
pub(crate) struct Receiver {
    pub(crate) kind: Kind,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.down();
    }
}

impl Receiver {
    /// One that runs.
    pub(crate) fn new(kind: Kind) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("prometheus.yml"), "global: {}\n").unwrap();
        let mut receiver = Self { kind, port, folder, child: None };
        receiver.up();
        receiver
    }

    fn command(&self) -> Command {
        let at = |name: &str| -> String { Path::display(&self.folder.path().join(name)).to_string() };
        let listen = format!("127.0.0.1:{}", self.port);
        let (program, arguments) = match self.kind {
            Kind::Prometheus => (
                "prometheus",
                vec![
                    format!("--config.file={}", at("prometheus.yml")),
                    format!("--storage.tsdb.path={}", at("data")),
                    format!("--web.listen-address={listen}"),
                    "--web.enable-remote-write-receiver".to_owned(),
                    "--enable-feature=native-histograms".to_owned(),
                ],
            ),
            Kind::Victoria => (
                "victoria-metrics",
                vec![format!("-httpListenAddr={listen}"), format!("-storageDataPath={}", at("data"))],
            ),
        };
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    pub(crate) fn up(&mut self) {
        let child = self.command().spawn();
        self.child =
            Some(child.unwrap_or_else(|error| panic!("{:?} ({error}): run `make tools`", self.kind)));
        let ready = if self.kind == Kind::Prometheus { "/-/ready" } else { "/health" };
        eventually("the receiver", || self.get(ready).is_some_and(|(status, _)| status == 200));
    }

    pub(crate) fn down(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // As an operator does it: what it took is on its disk then.
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        let _ = child.wait();
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api/v1/write", self.port)
    }

    fn get(&self, path: &str) -> Option<(u16, String)> {
        peers::request(self.port, "GET", path, b"")
    }

    /// All samples of a series: times in seconds, and values.
    pub(crate) fn samples(&self, series: &str) -> Vec<(f64, f64)> {
        match self.kind {
            Kind::Prometheus => {
                let answer = self.query(&format!("{series}[1h]"));
                let values = answer["data"]["result"][0]["values"].as_array().cloned().unwrap_or_default();
                let pair = |pair: &serde_json::Value| {
                    (pair[0].as_f64().unwrap(), pair[1].as_str().unwrap().parse().unwrap())
                };
                values.iter().map(pair).collect()
            }
            Kind::Victoria => {
                // What came last is kept back for a moment otherwise.
                self.get("/internal/force_flush");
                let (_, text) = self.get(&format!("/api/v1/export?match[]={series}")).unwrap();
                let mut all = Vec::new();
                for line in text.lines() {
                    let line: serde_json::Value = serde_json::from_str(line).unwrap();
                    let numbers = |name: &str| -> Vec<f64> {
                        // A staleness marker is no number there.
                        line[name]
                            .as_array()
                            .unwrap()
                            .iter()
                            .map(|n| n.as_f64().unwrap_or(f64::NAN))
                            .collect()
                    };
                    let times = numbers("timestamps").into_iter().map(|ms| ms / 1e3);
                    all.extend(times.zip(numbers("values")));
                }
                all.sort_by(|left, right| left.0.total_cmp(&right.0));
                all
            }
        }
    }

    /// An instant query, now.
    pub(crate) fn query(&self, query: &str) -> serde_json::Value {
        let query = query.replace('{', "%7B").replace('}', "%7D").replace('"', "%22").replace(' ', "%20");
        let (status, text) = self.get(&format!("/api/v1/query?query={query}")).unwrap();
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(text.get(text.find('{').unwrap()..=text.rfind('}').unwrap()).unwrap()).unwrap()
    }

    /// The value of a series now, if it is there.
    pub(crate) fn now(&self, series: &str) -> Option<f64> {
        self.query(series)["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }
}
