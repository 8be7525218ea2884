//! The agent as its app's parent: it outlives the app, so that the app's last values are its own.
//!
//! A sidecar and its app are told to stop at the same moment, and the app is often gone first. A parent
//! knows when its child ends, and looks at it once more before it passes the signal on. As process 1
//! of a container it also buries the orphans that the kernel gives it.

mod orphans;
mod terminal;
mod vacant;

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
pub use vacant::vacant;

/// Between two looks at an app that runs.
const RUNNING: Duration = Duration::from_millis(250);
/// Between two looks at an app that was told to end: some are gone ten milliseconds later.
const ENDING: Duration = Duration::from_millis(2);
/// So long an app is looked at often that goes on after a signal: for many it means to read their settings again.
const SOON: Duration = Duration::from_secs(2);
/// So much later than it came an app hears of a signal at the most, for the sake of a last look.
const HELD_BACK: Duration = Duration::from_millis(100);

/// The signals that are passed on.
/// Some servers take `SIGWINCH` for a graceful end, and it is what their images are stopped with.
const PASSED_ON: [Signal; 10] = [
    Signal::TERM,
    Signal::INT,
    Signal::HUP,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::WINCH,
    Signal::ALARM,
    Signal::TSTP,
    Signal::CONT,
];

/// A command that cannot be started: the exit code that shells give it, and why.
#[derive(Debug, thiserror::Error)]
#[error("cannot run {command}: {reason}")]
pub struct NotStarted {
    command: String,
    reason: io::Error,
}

impl NotStarted {
    /// 127 for a command that is not there, 126 for one that cannot be run (POSIX, "Exit Status for Commands").
    pub fn code(&self) -> u8 {
        if self.reason.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
    }
}

/// The app under its agent.
#[derive(Debug)]
pub struct App {
    child: Child,
    signals: mpsc::Receiver<Signal>,
    /// Comes when the app stops, too.
    children: unix::Signal,
    began: SystemTime,
    stamp: SystemTime,
    looks: watch::Sender<Option<Duration>>,
}

impl App {
    /// Starts the command, in a process group of its own: what the terminal sends reaches it once.
    pub fn start(command: &[OsString]) -> Result<Self, NotStarted> {
        let (program, arguments) = command.split_first().unwrap_or_else(|| unreachable!("clap asks for one"));
        let said = program.to_string_lossy().into_owned();
        let failed = |reason| NotStarted { command: said.clone(), reason };
        let signals = listen().map_err(failed)?;
        let children = signal(SignalKind::child()).map_err(failed)?;
        // Before it can count anything.
        let (began, stamp) = (SystemTime::now(), crate::sources::stamp());
        let child = Command::new(program).args(arguments).process_group(0).spawn().map_err(failed)?;
        if let Some(pid) = id(&child) {
            terminal::give(pid);
        }
        if rustix::process::getpid().as_raw_nonzero().get() == 1 {
            orphans::bury(id(&child));
        }
        Ok(Self { child, signals, children, began, stamp, looks: watch::Sender::new(Some(RUNNING)) })
    }

    /// When it was started.
    pub fn began(&self) -> SystemTime {
        self.began
    }

    /// The same on the clock that files are stamped with: what is older was not left by this app.
    pub fn stamp(&self) -> SystemTime {
        self.stamp
    }

    /// At what pace it is to be looked at.
    pub fn looks(&self) -> watch::Receiver<Option<Duration>> {
        self.looks.subscribe()
    }

    /// Passes signals on until the app has ended; its exit code, 128 and the signal's number where one
    /// ended it. `look` looks at the app once more.
    pub async fn run(mut self, look: impl AsyncFn(), done: CancellationToken) -> u8 {
        let calm = tokio::time::sleep(SOON);
        tokio::pin!(calm);
        // A stop that is asked for is not taken back, however long the app takes for it.
        let (mut may_go_on, mut stops) = (false, false);
        let mut job = terminal::Job::default();
        let app = id(&self.child);
        let status = loop {
            tokio::select! {
                () = &mut calm, if may_go_on => {
                    may_go_on = false;
                    self.looks.send_replace(Some(RUNNING));
                }
                status = self.child.wait() => break status,
                Some(()) = self.children.recv() => {
                    if let Some(app) = app {
                        job.follow(app).await;
                    }
                }
                Some(signal) = self.signals.recv() => {
                    if ends(signal) {
                        let _ = tokio::time::timeout(HELD_BACK, look()).await;
                        self.looks.send_replace(Some(ENDING));
                        stops |= matches!(signal, Signal::TERM | Signal::INT | Signal::QUIT);
                        may_go_on = !stops;
                        calm.as_mut().reset(tokio::time::Instant::now() + SOON);
                    }
                    if let Some(app) = id(&self.child) {
                        job.pass_on(signal, app);
                    }
                }
            }
        };
        if let Some(app) = app {
            terminal::take(app);
        }
        done.cancel();
        let code = status.map_or(1, code);
        // Whoever asks again now wants no last words.
        tokio::spawn(async move {
            while let Some(signal) = self.signals.recv().await {
                match signal {
                    Signal::TERM => service::stop::abandon("SIGTERM"),
                    Signal::INT => service::stop::abandon("SIGINT"),
                    _ => {}
                }
            }
        });
        code
    }
}

/// Whether an app may end for it. Terminals send `SIGWINCH` to apps, not to their parent.
fn ends(signal: Signal) -> bool {
    [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP, Signal::WINCH].contains(&signal)
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

fn id(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
}

fn listen() -> io::Result<mpsc::Receiver<Signal>> {
    let (sender, receiver) = mpsc::channel(16);
    for passed in PASSED_ON {
        let mut comes = signal(SignalKind::from_raw(passed.as_raw()))?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while comes.recv().await.is_some() {
                if sender.send(passed).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}
