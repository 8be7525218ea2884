//! One merged log on standard output, with a name before each line.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const COLOURS: [&str; 6] = ["36", "33", "32", "35", "34", "31"];

/// Where the children's lines go.
#[derive(Debug, Clone, Default)]
pub struct Log {
    started: Arc<AtomicUsize>,
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

    /// The next child's colour.
    pub(super) fn colour(&self) -> usize {
        self.started.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn write(name: &str, colour: Option<usize>, line: &str) {
        let mut out = std::io::stdout().lock();
        // A reader that went away is no reason to stop the children.
        let _ = match colour.filter(|_| std::io::stdout().is_terminal()) {
            Some(colour) => {
                writeln!(out, "\x1b[{}m{name:<13}\x1b[0m| {line}", COLOURS[colour % COLOURS.len()])
            }
            None => writeln!(out, "{name:<13}| {line}"),
        };
    }
}
