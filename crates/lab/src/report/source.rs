//! Files of results as the report reads them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::compare::results::Results;

/// Settings that say only how much was run, not how.
const AMOUNTS: [&str; 3] = ["scenarios", "repeat", "rounds"];

/// One file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name without its folder, as it is shown.
    pub name: String,
    /// SHA-256 of its bytes, in hex.
    pub sum: String,
    /// What it holds.
    pub results: Results,
}

impl Source {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// Where it cannot be read or is not of the format; the message names the file and the place.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let (results, bytes) = Results::read_with_bytes(file)?;
        let name = file.file_name().map_or_else(|| file.into(), PathBuf::from).display().to_string();
        Ok(Self { name, sum: sum(&bytes), results })
    }

    /// Of results that are in no file yet.
    pub fn of(name: &str, results: Results) -> Self {
        let sum = sum(serde_json::to_string(&results).unwrap_or_default().as_bytes());
        Self { name: name.to_owned(), sum, results }
    }
}

fn sum(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether repeats of these files are repeats of one thing.
///
/// # Errors
///
/// Where two files of one command differ in a setting that changes figures, or are the same file twice.
pub fn mergeable(sources: &[Source]) -> anyhow::Result<()> {
    for (place, one) in sources.iter().enumerate() {
        for other in &sources[..place] {
            ensure!(one.sum != other.sum, "{} and {} are the same file", other.name, one.name);
            if one.results.command != other.results.command {
                continue;
            }
            for run in &one.results.runs {
                let same = other.results.runs.iter().any(|known| {
                    (&known.scenario, known.seed, &known.began) == (&run.scenario, run.seed, &run.began)
                });
                ensure!(
                    !same,
                    "{} and {} both hold {} {}, begun {}: one run is no two repeats",
                    other.name,
                    one.name,
                    run.scenario,
                    run.repeat,
                    run.began
                );
            }
            ensure!(
                one.results.machine == other.results.machine
                    && one.results.versions == other.results.versions,
                "{} and {} cannot be merged: they were made on other machines or with other versions, \
                 which `pushpull-lab diff` shows",
                other.name,
                one.name
            );
            let names = one.results.settings.keys().chain(other.results.settings.keys());
            for name in names.filter(|name| !AMOUNTS.contains(&name.as_str())) {
                let of = |source: &Source| {
                    source.results.settings.get(name).cloned().unwrap_or_else(|| "not set".to_owned())
                };
                ensure!(
                    of(one) == of(other),
                    "{} and {} cannot be merged: settings.{name} is {} and {}, expected the same",
                    other.name,
                    one.name,
                    of(other),
                    of(one)
                );
            }
        }
    }
    Ok(())
}
