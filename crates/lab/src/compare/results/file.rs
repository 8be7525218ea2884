//! Reading and writing a file of results. A file is there whole or not at all.

use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, anyhow, ensure};
use serde::Deserialize;

use super::{FORMAT, Results};

/// A full run with ten repeats has some 20 MB.
const LARGEST: u64 = 512 * 1024 * 1024;

/// What says whether the rest can be understood.
#[derive(Deserialize)]
struct Head {
    format: Option<serde_json::Value>,
}

impl Results {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, is no JSON, or has another format; the message names the file, the place
    /// (line and column, or the run) and what was expected.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        Self::read_with_bytes(path).map(|(results, _)| results)
    }

    /// The same with the file's bytes, which are read once: another look might find other ones.
    ///
    /// # Errors
    ///
    /// As [`Results::read`].
    pub fn read_with_bytes(path: &Path) -> anyhow::Result<(Self, Vec<u8>)> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
            .with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(bytes.len() as u64 <= LARGEST, "{}: larger than {LARGEST} bytes", path.display());
        let results = Self::parse(&bytes).with_context(|| path.display().to_string())?;
        Ok((results, bytes))
    }

    /// The same from bytes; the message names no file.
    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let head: Head = serde_json::from_slice(bytes)
            .map_err(|error| anyhow!("not a file of results: {error}; expected {FORMAT} as JSON"))?;
        match head.format {
            Some(format) => {
                ensure!(format == FORMAT, "format is {format}, expected \"{FORMAT}\"");
            }
            None => anyhow::bail!("has no field `format`, expected \"{FORMAT}\""),
        }
        let results: Self = serde_json::from_slice(bytes).map_err(|error| anyhow!("{error} ({FORMAT})"))?;
        results.check()?;
        Ok(results)
    }

    /// What the types cannot say.
    fn check(&self) -> anyhow::Result<()> {
        let known = ["compare", "overhead", "article"];
        ensure!(
            known.contains(&self.command.as_str()),
            "command is `{}`, expected one of {}",
            self.command,
            known.join(", ")
        );
        for (place, run) in self.runs.iter().enumerate() {
            let name = format!("runs[{place}] ({})", run.scenario);
            ensure!(run.repeat > 0, "{name}: repeat is 0, expected 1 or more");
            ensure!(plain(&run.scenario), "{name}: scenario: expected {LETTERS}");
            let earlier = &self.runs[..place];
            ensure!(
                !earlier.iter().any(|other| (&other.scenario, other.repeat) == (&run.scenario, run.repeat)),
                "{name}: a second repeat {}, expected each once",
                run.repeat
            );
            ensure!(
                run.skipped.is_none() || run.cells.is_empty(),
                "{name}: skipped, and has cells: expected none"
            );
            for (index, cell) in run.cells.iter().enumerate() {
                for text in [&cell.path, &cell.cohort].into_iter().chain(cell.figures.keys()) {
                    ensure!(plain(text), "{name}.cells[{index}]: `{text}`: expected {LETTERS}");
                }
                ensure!(
                    !run.cells[..index]
                        .iter()
                        .any(|other| (&other.path, &other.cohort) == (&cell.path, &cell.cohort)),
                    "{name}.cells[{index}]: a second cell of path `{}` and cohort `{}`, expected each once",
                    cell.path,
                    cell.cohort
                );
            }
        }
        Ok(())
    }

    /// Writes a file: beside it first, then to the disk, then in its place.
    ///
    /// # Errors
    ///
    /// Where it cannot be written, or could not be read again: JSON has no NaN and no infinity.
    /// What was there stays then.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let place = || format!("cannot write {}", path.display());
        let mut bytes = serde_json::to_vec_pretty(self).with_context(place)?;
        bytes.push(b'\n');
        Self::parse(&bytes).context("it could not be read again").with_context(place)?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        // A temporary file is its owner's alone, unless one asks for what `File::create` asks for.
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .with_context(place)?;
        file.write_all(&bytes).with_context(place)?;
        file.as_file().sync_all().with_context(place)?;
        file.persist(path).with_context(place)?;
        // The new name is on the disk only when its folder is.
        File::open(folder).and_then(|folder| folder.sync_all()).with_context(place)
    }
}

/// What names are made of: they become headings, links and anchors.
const LETTERS: &str = "letters, digits, and any of ` ._/+-–,%()`";

fn plain(name: &str) -> bool {
    name.len() <= 100
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || " ._/+-–,%()".contains(letter))
}

#[cfg(test)]
mod tests;
