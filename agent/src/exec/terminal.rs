//! A terminal's job control: the app stands in front, and agent and app stop and go on as one job.
//!
//! The app has a process group of its own, so that what the terminal sends reaches it once. The shell waits for
//! the agent and not for the app: an app that the terminal stops would leave the shell without a prompt, did
//! the agent not stop, too.

use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal as Blocked};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpgrp, getpid, kill_current_process_group, kill_process,
    kill_process_group, waitid,
};
use rustix::termios::{tcgetpgrp, tcsetpgrp};

/// Whoever goes on sooner was not stopped.
const STOPPED: Duration = Duration::from_millis(20);
/// So soon after it went on, the agent may still hear of what stopped it.
const STALE: Duration = Duration::from_millis(100);
/// An app that stops again and again, where nobody can stop the agent, is not continued more often.
const PAUSE: Duration = Duration::from_millis(100);

/// Puts the app in front, where the agent is: whoever was started in the background has no claim.
pub(super) fn give(app: Pid) {
    if tcgetpgrp(io::stdin()).is_ok_and(|front| front == getpgrp()) {
        set(app);
        // It may have asked for the terminal already, and been stopped for it.
        let _ = kill_process_group(app, Signal::CONT);
    }
}

/// Puts the agent in front again, once the app has ended: Ctrl-C is for it, and so is what a script does next.
pub(super) fn take(app: Pid) {
    if tcgetpgrp(io::stdin()).is_ok_and(|front| front == app) {
        set(getpgrp());
    }
}

/// Whoever is not in front is stopped for it (SIGTTOU), unless that signal is blocked (POSIX, "tcsetpgrp").
fn set(front: Pid) {
    let mut background = SigSet::empty();
    background.add(Blocked::SIGTTOU);
    if background.thread_block().is_ok() {
        let _ = tcsetpgrp(io::stdin(), front);
        let _ = background.thread_unblock();
    }
}

/// Agent and app as one job.
#[derive(Debug, Default)]
pub(super) struct Job {
    /// The agent was told to stop, and has passed that on.
    asked: bool,
    /// When it went on after it was stopped itself.
    went_on: Option<Instant>,
}

impl Job {
    /// Passes a signal on; gone already is as good. What a terminal sends to a job is for all of it.
    pub(super) fn pass_on(&mut self, signal: Signal, app: Pid) {
        match signal {
            Signal::CONT => {
                self.asked = false;
                go_on(app);
            }
            // One from before a stop that is over, as is undone by SIGCONT for whoever does not catch it.
            Signal::TSTP if self.went_on.is_some_and(|went_on| went_on.elapsed() < STALE) => {}
            Signal::TSTP => {
                self.asked = true;
                let _ = kill_process_group(app, signal);
            }
            _ => drop(kill_process(app, signal)),
        }
    }

    /// Stops the agent if the app has stopped since this was asked last, and the agent was told to, or there is a
    /// terminal. Without one a stopped app is a target that does not answer.
    pub(super) async fn follow(&mut self, app: Pid) {
        let stopped = waitid(WaitId::Pid(app), WaitIdOptions::STOPPED | WaitIdOptions::NOHANG);
        if !stopped.ok().flatten().is_some_and(|status| status.stopped()) {
            return;
        }
        let began = Instant::now();
        // SIGTTOU stops as SIGTSTP does, which is passed on and so stops nobody; neither stops a group that
        // nobody could continue (POSIX, "orphaned process group"), nor process 1 of a container.
        if std::mem::take(&mut self.asked) {
            // Others of its group may not know of this, and would not be continued with it.
            let _ = kill_process(getpid(), Signal::TTOU);
        } else if tcgetpgrp(io::stdin()).is_ok() {
            // A script that the agent is a part of is to stop with it.
            let _ = kill_current_process_group(Signal::TTOU);
            if began.elapsed() < STOPPED {
                tokio::time::sleep(PAUSE).await;
            }
            go_on(app);
        } else {
            return;
        }
        self.went_on = Some(Instant::now());
    }
}

/// Continues the app, in front if the agent is.
fn go_on(app: Pid) {
    give(app);
    let _ = kill_process_group(app, Signal::CONT);
}
