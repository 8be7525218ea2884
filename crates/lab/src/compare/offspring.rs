//! An app that is the child of its agent, and no child of ours: known by its number, ended by it.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::costs::{Meter, usage};
use crate::process::Process;

/// How often it is looked for, and whether it has ended.
const POLL: Duration = Duration::from_millis(20);

/// The app.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offspring {
    pub(super) pid: u32,
}

impl Offspring {
    /// Waits until a process has a child (proc(5), `children`).
    pub(super) async fn of(parent: &Process) -> Self {
        let mut polls = tokio::time::interval(POLL);
        loop {
            polls.tick().await;
            let Some(parent) = parent.id() else { continue };
            let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
            let children = children.unwrap_or_default();
            if let Some(pid) = children.split_whitespace().next().and_then(|pid| pid.parse().ok()) {
                return Self { pid };
            }
        }
    }

    /// Sends it a signal.
    pub(super) fn signal(self, signal: Signal) {
        // One that has ended stays a zombie until its parent has asked, so its number is seldom another's.
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.lives()) {
            let _ = kill_process(pid, signal);
        }
    }

    fn lives(self) -> bool {
        usage(self.pid).is_some_and(|usage| !usage.ended)
    }

    /// Waits until it has ended, no longer than `grace`, and then kills it; whether it ended by itself.
    pub(super) async fn end(self, meter: &Meter, grace: Duration) -> bool {
        let ended = async {
            let mut polls = tokio::time::interval(POLL);
            while self.lives() {
                polls.tick().await;
            }
        };
        let in_time = tokio::time::timeout(grace, ended).await.is_ok();
        self.signal(Signal::KILL);
        meter.last(self.pid);
        in_time
    }
}
