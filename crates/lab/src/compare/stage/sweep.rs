//! Removing what stages made: a stage's own at its end, and that of labs which were killed.

use std::fs;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};

use super::command::run;
use super::names::{self, Names};

/// What folders of runs are called, before the lab's process id.
pub(crate) const FOLDERS: &str = "pushpull-compare-";
/// Where `ip netns` keeps names.
const NAMESPACES: &str = "/run/netns";

/// Removes what labs left that are no longer there; says what it removed. Without root those are only its folders.
pub fn sweep() -> anyhow::Result<Vec<String>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(folders());
    }
    let left = |maker: Option<u32>| maker.is_some_and(|process| !names::alive(process));
    let mut removed = Vec::new();
    for name in entries(NAMESPACES)?.into_iter().filter(|name| left(names::maker_of_namespace(name))) {
        match remove_namespace(&name) {
            Ok(()) => removed.push(format!("network namespace {name}")),
            // Another lab that started at the same moment has swept it.
            Err(_) if !entries(NAMESPACES)?.contains(&name) => {}
            Err(error) => return Err(error),
        }
    }
    removed.extend(folders());
    // A link goes with its namespace, a little later: what is left now may be gone when it's removed.
    for name in entries("/sys/class/net")?.into_iter().filter(|name| left(names::maker_of_link(name))) {
        if run("ip", &["link", "del", &name], "").is_ok() {
            removed.push(format!("link {name}"));
        }
    }
    Ok(removed)
}

/// Files of runs that were killed.
fn folders() -> Vec<String> {
    let temporary = std::env::temp_dir();
    let names = entries(&temporary.display().to_string()).unwrap_or_default();
    let left = names.into_iter().filter(|name| {
        let maker = name.strip_prefix(FOLDERS).and_then(|rest| rest.split('-').next()?.parse().ok());
        maker.is_some_and(|process| !names::alive(process))
    });
    left.filter(|name| fs::remove_dir_all(temporary.join(name)).is_ok())
        .map(|name| format!("folder {}", temporary.join(name).display()))
        .collect()
}

/// Removes all of one stage, as far as it is there.
pub(super) fn remove(names: &Names) -> anyhow::Result<()> {
    for link in [&names.core_link, &names.site_link] {
        // Before the namespaces, since the routes then go at once.
        let _ = run("ip", &["link", "del", link], "");
    }
    let there = entries(NAMESPACES)?;
    [&names.core, &names.site]
        .into_iter()
        .filter(|name| there.contains(name))
        .try_for_each(|name| remove_namespace(name))
}

/// A namespace lives as long as a process in it: those are the lab's, and end first.
fn remove_namespace(name: &str) -> anyhow::Result<()> {
    for process in run("ip", &["netns", "pids", name], "")?.lines() {
        if let Some(pid) = process.trim().parse().ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    run("ip", &["netns", "del", name], "").map(drop)
}

fn entries(folder: &str) -> anyhow::Result<Vec<String>> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
        }
        // Nobody made a namespace since the system started.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {folder}")),
    }
}
