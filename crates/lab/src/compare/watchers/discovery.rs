//! The file by which a Prometheus hears of instances as they are born and die.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};

use super::Target;
use super::config::groups;

/// A file for `file_sd`; each change replaces it whole.
#[derive(Debug)]
pub(super) struct Discovery {
    file: PathBuf,
    targets: Vec<Target>,
    alive: Mutex<BTreeSet<usize>>,
}

impl Discovery {
    /// In this folder, which is to hold nothing else: Prometheus reads it at each change there.
    pub(super) fn new(folder: &Path, targets: &[Target]) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join("targets.json");
        Ok(Self { file, targets: targets.to_vec(), alive: Mutex::default() })
    }

    pub(super) fn file(&self) -> String {
        self.file.display().to_string()
    }

    /// Those that are born, and nobody else.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        self.replace(alive.iter().filter_map(|&at| self.targets.get(at)))
    }

    /// One that stands in for instances before any is born.
    pub(super) fn write_only(&self, target: &Target) -> anyhow::Result<()> {
        self.replace([target])
    }

    pub(super) fn born(&self, instance: &str) -> anyhow::Result<()> {
        self.change(instance, BTreeSet::insert)
    }

    pub(super) fn died(&self, instance: &str) -> anyhow::Result<()> {
        self.change(instance, |alive, at| alive.remove(&at))
    }

    fn change(
        &self,
        instance: &str,
        change: impl Fn(&mut BTreeSet<usize>, usize) -> bool,
    ) -> anyhow::Result<()> {
        let all = self.targets.iter().enumerate();
        let places: Vec<_> =
            all.filter(|(_, target)| target.instance == instance).map(|(at, _)| at).collect();
        if places.is_empty() {
            bail!("no target is called {instance}");
        }
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        for at in places {
            change(&mut alive, at);
        }
        // Still under the lock: an older list must not replace a newer one.
        self.replace(alive.iter().filter_map(|&at| self.targets.get(at)))
    }

    fn replace<'a>(&self, targets: impl IntoIterator<Item = &'a Target>) -> anyhow::Result<()> {
        let next = self.file.with_extension("next");
        fs::write(&next, groups(targets).to_string())
            .and_then(|()| fs::rename(&next, &self.file))
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn the_file_has_those_that_live() {
        let folder = tempfile::tempdir().unwrap();
        let target = |last: u8, instance: &str| Target {
            address: SocketAddr::from(([10, 0, 0, last], 80)),
            instance: instance.to_owned(),
        };
        let all = [target(1, "a"), target(2, "b"), target(3, "b")];
        let discovery = Discovery::new(folder.path(), &all).unwrap();
        let read = || fs::read_to_string(discovery.file()).unwrap();
        discovery.write().unwrap();
        assert_eq!(read(), "[]");
        discovery.born("b").unwrap();
        discovery.born("a").unwrap();
        assert_eq!(read(), groups(&all).to_string());
        discovery.died("b").unwrap();
        assert_eq!(read(), groups(&all[..1]).to_string());
        assert!(discovery.born("c").unwrap_err().to_string().contains("called c"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
