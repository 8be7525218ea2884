//! CPU time of a process in nanoseconds, as the scheduler counts it: clock ticks are too coarse for a slice.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, ensure};

/// What each of its threads has used until now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used(BTreeMap<u32, u64>);

/// Reads `/proc/PID/task/*/schedstat`.
///
/// # Errors
///
/// Where the process is gone, or the kernel does not count (`CONFIG_SCHED_INFO`).
pub fn used(pid: u32) -> anyhow::Result<Used> {
    let folder = format!("/proc/{pid}/task");
    let tasks = fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))?;
    let mut threads = BTreeMap::new();
    for task in tasks.flatten() {
        let Some(thread) = task.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A thread may end between the list and the look at it.
        let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
        let first = text.split(' ').next().and_then(|number| number.parse().ok());
        threads.insert(thread, first.with_context(|| format!("{folder}/{thread}/schedstat: `{text}`"))?);
    }
    ensure!(!threads.is_empty(), "{folder}: no thread has a schedstat; expected nanoseconds of CPU time");
    Ok(Used(threads))
}

impl Used {
    /// Seconds between an earlier look and this one. What a thread used that ended between both is not in it.
    pub fn since(&self, before: &Self) -> f64 {
        let spent = self.0.iter().map(|(thread, now)| match before.0.get(thread) {
            Some(then) if then <= now => now - then,
            // A new thread, perhaps with an old one's number.
            _ => *now,
        });
        spent.sum::<u64>() as f64 / 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_busy_process_used_grows_as_its_clock_does() {
        let mut child = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let before = used(child.id()).unwrap();
        let mut spent = 0.0;
        while spent < 0.05 {
            std::thread::yield_now();
            spent = used(child.id()).unwrap().since(&before);
        }
        let ticks = crate::compare::costs::usage(child.id()).unwrap().cpu;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!((ticks - spent).abs() < 0.1 * spent + 0.05, "{ticks} {spent}");
        assert!(used(child.id()).is_err());
    }

    #[test]
    fn new_threads_count_from_their_beginning_and_those_that_ended_do_not() {
        let before = Used(BTreeMap::from([(1, 1_000), (2, 5_000), (3, 7_000)]));
        let after = Used(BTreeMap::from([(1, 3_000), (3, 500), (4, 4_000)]));
        let seconds = after.since(&before);
        assert!((seconds - 6.5e-6).abs() < 1e-12, "{seconds}");
    }
}
