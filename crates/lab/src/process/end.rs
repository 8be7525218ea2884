//! How children end: told in words, by themselves or asked to.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::Signal;

/// What became of a child that was asked to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It did, and left nothing.
    Clean,
    /// It did, and said that it could not finish.
    Failed(ExitStatus),
    /// It did not, and was killed.
    Killed,
    /// It had ended before.
    Earlier,
}

/// A child that ended by itself: how, and its last lines.
#[derive(Debug)]
pub struct Death {
    /// `agent was killed (SIGKILL)`.
    pub how: String,
    /// The last lines it wrote.
    pub last_lines: Vec<String>,
}

impl fmt::Display for Death {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.how)?;
        if !self.last_lines.is_empty() {
            out.write_str("; its last lines:")?;
        }
        self.last_lines.iter().try_for_each(|line| write!(out, "\n    {line}"))
    }
}

impl std::error::Error for Death {}

/// `ended by itself with 2`, `was killed (SIGKILL)`.
pub(super) fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended by itself with {code}"),
        (None, Some(number)) => match Signal::from_named_raw(number) {
            Some(signal) => format!("was killed ({})", name(signal)),
            None => format!("was killed (signal {number})"),
        },
        (None, None) => format!("ended by itself ({status})"),
    }
}

fn name(signal: Signal) -> String {
    match signal {
        Signal::KILL => "SIGKILL".to_owned(),
        Signal::TERM => "SIGTERM".to_owned(),
        Signal::INT => "SIGINT".to_owned(),
        Signal::ABORT => "SIGABRT".to_owned(),
        Signal::SEGV => "SIGSEGV".to_owned(),
        other => format!("signal {}", other.as_raw()),
    }
}

/// Some have no handler for the signal that asks them, and are ended by it: nothing is left then.
pub(super) fn clean(status: ExitStatus) -> bool {
    status.success() || status.signal() == Some(Signal::TERM.as_raw())
}
