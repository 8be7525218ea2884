//! One merged log on standard output or in a file, with a name before each line.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const COLOURS: [&str; 6] = ["36", "33", "32", "35", "34", "31"];

/// Where the children's lines go.
#[derive(Debug, Clone, Default)]
pub struct Log {
    started: Arc<AtomicUsize>,
    /// None: standard output.
    file: Option<Arc<File>>,
}

impl Log {
    /// One in a file, where hundreds of children would be too many for a terminal.
    pub fn file(file: File) -> Self {
        Self { file: Some(Arc::new(file)), ..Self::default() }
    }

    /// Writes one line under a name.
    pub fn line(&self, name: &str, line: &str) {
        self.write(name, None, line);
    }

    /// The next child's colour.
    pub(super) fn colour(&self) -> usize {
        self.started.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn write(&self, name: &str, colour: Option<usize>, line: &str) {
        if let Some(file) = &self.file {
            // A full disk is no reason to stop the children.
            let _ = (&**file).write_all(format!("{name:<13}| {line}\n").as_bytes());
            return;
        }
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
