//! Whether the limits of the process are enough for what the settings ask for.

use std::path::{Path, PathBuf};

use procfs::process::{LimitValue, Process};

use crate::config::Settings;
use crate::probe::Finding;

/// What a listener, a log and a runtime need beside connections.
const FILES: u64 = 64;
const FILES_OPEN: &str = "file descriptors";
/// An agent that holds no page.
const MEMORY: u64 = 16 << 20;

fn process(pid: Option<i32>) -> procfs::ProcResult<Process> {
    pid.map_or_else(Process::myself, Process::new)
}

/// File descriptors: one a source, one a gateway, and some for whoever pulls.
pub(super) fn files(sources: usize, gateways: usize, pid: Option<i32>) -> Finding {
    let need = u64::try_from(sources + gateways).unwrap_or(u64::MAX).saturating_add(FILES);
    let limits = process(pid).and_then(|process| process.limits());
    match limits.map(|limits| limits.max_open_files.soft_limit) {
        Ok(LimitValue::Value(limit)) => enough(need, limit),
        Ok(LimitValue::Unlimited) => Finding::ok(FILES_OPEN, "without limit"),
        Err(error) => {
            Finding::warn(FILES_OPEN, format!("the limit is not known: {error}"), "look with ulimit -n")
        }
    }
}

fn enough(need: u64, limit: u64) -> Finding {
    if limit >= need {
        return Finding::ok(FILES_OPEN, format!("about {need} are needed, and {limit} allowed"));
    }
    let why = format!("the targets and gateways need about {need}, and the limit is {limit}");
    let then = "raise it: ulimit -n, LimitNOFILE= of the unit, or --ulimit nofile= of the container";
    Finding::fail(FILES_OPEN, why, then)
}

/// Memory: a page is held once as it came and once as it is sent.
pub(super) fn memory(settings: &Settings, pid: Option<i32>) -> Finding {
    let what = "memory";
    let page = settings.scrape.0.iter().map(|target| target.limits.body.0).max().unwrap_or(0);
    let page = u64::try_from(page).unwrap_or(u64::MAX);
    let most = MEMORY.saturating_add(page.saturating_mul(2));
    let limits = process(pid).and_then(|process| process.cgroups()).map(|groups| {
        let groups = groups.0.into_iter();
        groups.filter_map(|group| limit(&group.pathname, &group.controllers)).min()
    });
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    match limits {
        Ok(None) => Finding::ok(what, "without limit"),
        Ok(Some(limit)) if limit < MEMORY => {
            let why =
                format!("limited to {} MiB, and an agent without targets needs {}", mib(limit), mib(MEMORY));
            Finding::fail(what, why, "raise the limit of the container or unit (MemoryMax=)")
        }
        Ok(Some(limit)) if limit < most => {
            let why = format!(
                "limited to {} MiB, and a page as large as limits.body allows ({} MiB) needs up to {}",
                mib(limit),
                mib(page),
                mib(most)
            );
            Finding::warn(what, why, "lower scrape.limits.body to what the pages need, or raise the limit")
        }
        Ok(Some(limit)) => Finding::ok(what, format!("limited to {} MiB, which is enough", mib(limit))),
        Err(error) => Finding::warn(
            what,
            format!("the limit is not known: {error}"),
            "look at memory.max of its cgroup",
        ),
    }
}

/// The lowest limit of a cgroup and those above it: version 2 without controllers, 1 with "memory".
fn limit(path: &str, controllers: &[String]) -> Option<u64> {
    let (root, file) = match controllers {
        [] => (Path::new("/sys/fs/cgroup"), "memory.max"),
        [only] if only.is_empty() => (Path::new("/sys/fs/cgroup"), "memory.max"),
        some if some.iter().any(|name| name == "memory") => {
            (Path::new("/sys/fs/cgroup/memory"), "memory.limit_in_bytes")
        }
        _ => return None,
    };
    lowest(root, path, file)
}

fn lowest(root: &Path, path: &str, file: &str) -> Option<u64> {
    let group: PathBuf = root.join(path.trim_start_matches('/'));
    let above = group.ancestors().take_while(|folder| folder.starts_with(root));
    let read = |folder: &Path| std::fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    // Version 1 says «none» with a number that no machine has.
    above.filter_map(read).filter(|limit| *limit < 1 << 60).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_limit_on_the_way_up_holds() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(root.path().join(name), text).unwrap();
        assert_eq!(lowest(root.path(), "/a/b", "memory.max"), None);
        write("a/memory.max", "33554432\n");
        write("a/b/memory.max", "max\n");
        assert_eq!(lowest(root.path(), "/a/b", "memory.max"), Some(32 << 20));
        write("a/b/memory.max", "9223372036854771712\n");
        assert_eq!(lowest(root.path(), "/a/b", "memory.max"), Some(32 << 20));
        write("a/b/memory.max", "1048576\n");
        assert_eq!(lowest(root.path(), "/a/b", "memory.max"), Some(1 << 20));
    }

    #[test]
    fn more_targets_than_files_fail() {
        let usual = enough(FILES + 2, 1024);
        assert_eq!(usual.level, crate::probe::Level::Ok, "{usual}");
        let many = enough(FILES + 1_001, 1024);
        assert_eq!(many.level, crate::probe::Level::Fail, "{many}");
    }
}
