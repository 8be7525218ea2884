//! Where a comparison is made: the machine, its load, and the versions of all that take part.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use anyhow::Context;

use super::path::Path;
use super::results::Machine;
use super::watchers::Peers;
use crate::programs::ours;

/// Ours.
const OURS: [&str; 3] = ["pushpull-api", "pushpull-agent", "pushpull-gateway"];

/// The machine as the kernel tells it; what it does not tell is empty.
pub fn machine() -> Machine {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let field = |text: &str, name: &str, between: char| {
        text.lines()
            .find_map(|line| {
                let (key, value) = line.split_once(between)?;
                (key.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
            })
            .unwrap_or_default()
    };
    let memory = field(&read("/proc/meminfo"), "MemTotal", ':');
    let kilobytes: u64 = memory.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
    Machine {
        processor: field(&read("/proc/cpuinfo"), "model name", ':'),
        cores: std::thread::available_parallelism()
            .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1)),
        memory_bytes: kilobytes * 1024,
        kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
        system: field(&read("/etc/os-release"), "PRETTY_NAME", '='),
    }
}

/// The load over the last minute.
pub fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

/// The versions of all programs that take part, by name.
///
/// # Errors
///
/// Where some are missing: all of them are named, with what installs them.
pub fn versions() -> anyhow::Result<BTreeMap<String, String>> {
    let peers = Peers::find(&Path::ALL)?;
    let mut versions = BTreeMap::from([("pushpull-lab".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    for name in OURS {
        versions.insert(name.to_owned(), version(&ours(name)?)?);
    }
    for (name, path) in [("prometheus", &peers.prometheus), ("prometheus-pushgateway", &peers.real_gateway)] {
        versions.insert(name.to_owned(), version(path)?);
    }
    Ok(versions)
}

/// `pushpull-api 0.1.0`, or `prometheus, version 2.42.0+ds (branch: …)`: the word that begins with a digit.
pub(crate) fn version(program: &std::path::Path) -> anyhow::Result<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {}", program.display()))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let first = text.lines().next().unwrap_or_default();
    let word = first.split([' ', ',']).find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    word.map(str::to_owned)
        .with_context(|| format!("{} --version: no version in `{first}`", program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_known() {
        let machine = machine();
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20, "{machine:?}");
        assert!(machine.kernel.len() > "Linux ".len(), "{machine:?}");
    }
}
