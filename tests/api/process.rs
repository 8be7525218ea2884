//! The API as a real child process on a port of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running API, ended with the test.
pub(crate) struct Api {
    child: Child,
    pub(crate) url: String,
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Settings that make requests quick, for what is not about the simulated work.
pub(crate) const QUICK: &[(&str, &str)] =
    &[("PUSHPULL_API__WORK__MIN", "0s"), ("PUSHPULL_API__WORK__MAX", "0s")];

/// Starts it on a free port and waits until it is bound.
pub(crate) fn start(env: &[(&str, &str)]) -> Api {
    let mut child = command(env).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").expect("the first line names the address").to_owned();
    Api { child, url }
}

/// A run that is expected to end by itself: its exit code, and what it said.
pub(crate) fn run(env: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let output = command(env).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

fn command(env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pushpull-api"));
    command.env("PUSHPULL_API__LISTEN", "127.0.0.1:0").envs(env.iter().copied());
    command
}

impl Api {
    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        panic!("still running 30 s after it was asked to stop");
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// One exchange, written byte by byte; the connection is closed after it.
    pub(crate) fn raw(&self, request: &str) -> String {
        let mut stream = std::net::TcpStream::connect(self.address()).unwrap();
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) fn get(&self, path: &str) -> String {
        self.raw(&format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))
    }

    /// The value of one series of `/metrics`, written as on the page.
    pub(crate) fn metric(&self, series: &str) -> Option<f64> {
        let page = self.get("/metrics");
        let value = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map(|value| value.parse().unwrap())
    }

    /// Waits until a series has a value; counters of a request move just after its answer.
    pub(crate) fn wait_for(&self, series: &str, want: f64) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.metric(series) != Some(want) {
            assert!(Instant::now() < end, "{series} is {:?}, not {want}", self.metric(series));
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}
