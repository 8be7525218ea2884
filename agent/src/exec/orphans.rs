//! Processes whose parent is gone come to process 1, and stay as zombies until it asks for their end.

use std::time::Duration;

use rustix::process::{Pid, WaitOptions, waitpid};
use tokio::signal::unix::{SignalKind, signal};

/// Buries whoever ends, but for the app itself, whose end is waited for elsewhere.
pub(super) fn bury(app: Option<Pid>) {
    let Ok(mut ends) = signal(SignalKind::child()) else { return };
    tokio::spawn(async move {
        let mut again = tokio::time::interval(Duration::from_secs(1));
        loop {
            // The signals of several ends may come as one.
            tokio::select! {
                _ = ends.recv() => {}
                _ = again.tick() => {}
            }
            for ended in zombies().filter(|ended| Some(*ended) != app) {
                // Somebody else's zombie is refused by the kernel, which is what is wanted.
                let _ = waitpid(Some(ended), WaitOptions::NOHANG);
            }
        }
    });
}

/// Who has ended and was not asked for (proc(5), the fields of `stat`).
fn zombies() -> impl Iterator<Item = Pid> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|process| {
        let id: i32 = process.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        // The name before it may hold parentheses itself.
        let state = stat.rsplit_once(')')?.1.trim_start().chars().next()?;
        if state == 'Z' { Pid::from_raw(id) } else { None }
    })
}
