//! Children of the lab: one merged log with a name before each line, and an end with the lab's.
//!
//! Each child is started through `setpriv --pdeathsig` where util-linux is there: the kernel then
//! ends it even when the lab itself is killed and can no longer do so. (Asking the kernel for that
//! from here would need code that the compiler cannot check.)

mod end;
mod log;

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

pub use self::end::{Death, Ending};
pub use self::log::Log;
use crate::programs::{self, Program};

/// How many last lines are kept, to be shown when a child dies.
const KEPT: usize = 12;

/// A running child.
#[derive(Debug)]
pub struct Process {
    /// The name before its lines.
    pub name: &'static str,
    child: Child,
    last: Arc<Mutex<VecDeque<String>>>,
    readers: JoinSet<()>,
}

impl Process {
    /// Starts a program; its lines go to the log.
    pub fn start(name: &'static str, program: &Program, log: &Log) -> anyhow::Result<Self> {
        let mut command = match programs::on_path("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "TERM", "--"]).arg(&program.path);
                command
            }
            None => Command::new(&program.path),
        };
        let mut child = command
            .args(&program.arguments)
            .envs(program.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A terminal's Ctrl-C goes to the whole group: only the lab is to hear it, and to stop in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name} ({})", program.path.display()))?;
        let last = Arc::new(Mutex::new(VecDeque::new()));
        let colour = log.colour();
        let streams: [Option<Box<dyn AsyncRead + Send + Unpin>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        let mut readers = JoinSet::new();
        for stream in streams.into_iter().flatten() {
            let (last, log) = (Arc::clone(&last), log.clone());
            readers.spawn(async move {
                let mut lines = BufReader::new(stream).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    log.write(name, Some(colour), &line);
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    if last.len() == KEPT {
                        last.pop_front();
                    }
                    last.push_back(line);
                }
            });
        }
        Ok(Self { name, child, last, readers })
    }

    /// Its process id, until its end was waited for.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends it a signal; one that has ended already gets none.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            // Its end was not waited for yet, so the number is still its own.
            let _ = kill_process(pid, signal);
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()?).ok()?)
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        match self.child.wait().await {
            Ok(status) => status,
            // Nobody else waits for it, so there is nothing left to wait for.
            Err(_) => std::future::pending().await,
        }
    }

    /// Asks it to end; kills it once `grace` is over.
    pub async fn stop(&mut self, grace: Duration) -> Ending {
        if self.child.id().is_none() {
            return Ending::Earlier;
        }
        self.signal(Signal::TERM);
        let ending = match tokio::time::timeout(grace, self.child.wait()).await {
            Ok(Ok(status)) if end::clean(status) => Ending::Clean,
            Ok(Ok(status)) => Ending::Failed(status),
            _ => {
                let _ = self.child.kill().await;
                Ending::Killed
            }
        };
        self.read_all().await;
        ending
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
            status = self.ended() => bail!(self.death(status).await),
            () = tokio::time::sleep(limit) => bail!("{name} did not answer on {url} within {limit:?}"),
        }
    }

    /// What is said when it dies: which, how, and its last lines.
    pub async fn death(&mut self, status: ExitStatus) -> Death {
        self.read_all().await;
        let last_lines = self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        Death { how: format!("{} {}", self.name, end::how(status)), last_lines }
    }

    /// Its pipes may hold lines that were not read yet; a grandchild may hold them open.
    async fn read_all(&mut self) {
        let readers = async { while self.readers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_millis(100), readers).await;
    }
}
