//! Children of the lab: one merged log with a name before each line, and an end with the lab's.
//!
//! Each child is started through `setpriv --pdeathsig` where util-linux is there: the kernel then
//! ends it even when the lab itself is killed and can no longer do so. (Asking the kernel for that
//! from here would need code that the compiler cannot check.)

use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::programs;

/// How many last lines are kept, to be shown when a child dies.
const KEPT: usize = 12;
const COLOURS: [&str; 6] = ["36", "33", "32", "35", "34", "31"];

/// A running child.
#[derive(Debug)]
pub struct Process {
    /// The name before its lines.
    pub name: &'static str,
    child: Child,
    last: Arc<Mutex<VecDeque<String>>>,
}

/// Where the children's lines go.
#[derive(Debug, Clone, Default)]
pub struct Log {
    started: Arc<Mutex<usize>>,
}

impl Log {
    /// Writes one line under a name.
    #[allow(
        clippy::unused_self,
        reason = "callers hold a log, and need not know that all share standard output"
    )]
    pub fn line(&self, name: &str, line: &str) {
        Self::write(name, None, line);
    }

    fn colour(&self) -> usize {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        *started += 1;
        *started - 1
    }

    fn write(name: &str, colour: Option<usize>, line: &str) {
        let mut out = std::io::stdout().lock();
        // A reader that went away is no reason to stop the children.
        let _ = match colour.filter(|_| std::io::stdout().is_terminal()) {
            Some(colour) => {
                writeln!(out, "\x1b[{}m{name:<11}\x1b[0m| {line}", COLOURS[colour % COLOURS.len()])
            }
            None => writeln!(out, "{name:<11}| {line}"),
        };
    }
}

impl Process {
    /// Starts a program; its lines go to the log.
    pub fn start(
        name: &'static str,
        program: &Path,
        arguments: &[String],
        log: &Log,
    ) -> anyhow::Result<Self> {
        let mut command = match programs::on_path("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "TERM", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A terminal's Ctrl-C goes to the whole group: only the lab is to hear it, and to stop in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name} ({})", program.display()))?;
        let last = Arc::new(Mutex::new(VecDeque::new()));
        let colour = log.colour();
        let streams: [Option<Box<dyn AsyncRead + Send + Unpin>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let last = Arc::clone(&last);
            tokio::spawn(async move {
                let mut lines = BufReader::new(stream).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    Log::write(name, Some(colour), &line);
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    if last.len() == KEPT {
                        last.pop_front();
                    }
                    last.push_back(line);
                }
            });
        }
        Ok(Self { name, child, last })
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        match self.child.wait().await {
            Ok(status) => status,
            // Nobody else waits for it, so there is nothing left to wait for.
            Err(_) => std::future::pending().await,
        }
    }

    /// Its last lines.
    pub fn last_lines(&self) -> Vec<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Asks it to end; kills it once `grace` is over.
    pub async fn stop(&mut self, grace: Duration) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(pid) = pid {
            // Gone already is as good.
            let _ = kill_process(pid, Signal::TERM);
        }
        if tokio::time::timeout(grace, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }

    /// Waits until a URL answers 200, while the child lives.
    pub async fn ready(&mut self, client: &reqwest::Client, url: &str) -> anyhow::Result<()> {
        let (name, limit) = (self.name, Duration::from_secs(30));
        let answers = async {
            let mut polls = tokio::time::interval(Duration::from_millis(50));
            loop {
                polls.tick().await;
                if client.get(url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
            }
        };
        tokio::select! {
            () = answers => Ok(()),
            status = self.ended() => bail!(self.death(status)),
            () = tokio::time::sleep(limit) => bail!("{name} did not answer on {url} within {limit:?}"),
        }
    }

    /// What is said when it dies: which, how, and its last lines.
    pub fn death(&self, status: ExitStatus) -> String {
        let mut said = format!("{} ended by itself ({status}); its last lines:", self.name);
        for line in self.last_lines() {
            said.push_str("\n    ");
            said.push_str(&line);
        }
        said
    }
}
