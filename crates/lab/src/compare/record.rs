//! The file of results: written whole after each run, and gone on with later.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use anyhow::{Context, ensure};

use super::arguments::{Arguments, Meant, all, named};
use super::machine;
use super::results::{FORMAT, Results, Run};

/// The command that makes them.
const COMMAND: &str = "compare";

/// Results that grow.
#[derive(Debug)]
pub struct Record {
    /// Where they are.
    pub file: PathBuf,
    /// What is there so far.
    pub results: Results,
}

impl Record {
    /// A new one; the file is written with the first run.
    ///
    /// # Errors
    ///
    /// Where nothing can be written there, or something is there that `force` does not give up.
    pub fn new(
        file: &Path,
        meant: &Meant,
        versions: BTreeMap<String, String>,
        force: bool,
    ) -> anyhow::Result<Self> {
        let shown = file.display();
        ensure!(
            force || !file.exists(),
            "{shown} is there already: go on with it by --resume {shown}, or name another by --out, or give it up by --force"
        );
        writable(file)?;
        let results = begun(COMMAND, versions, settings(meant), meant.seed);
        Ok(Self { file: file.to_owned(), results })
    }

    /// Reads one to go on with; returns what it was made with, changed as the arguments ask.
    ///
    /// # Errors
    ///
    /// Where it is none of ours, or was made with other settings, versions, or on another machine.
    pub fn resume(
        file: &Path,
        arguments: &Arguments,
        versions: &BTreeMap<String, String>,
    ) -> anyhow::Result<(Self, Meant)> {
        let mut results = Results::read(file)?;
        let shown = file.display();
        // Found now and not after the first run, which would be lost.
        writable(file)?;
        ensure!(results.command == COMMAND, "{shown} was made by `{}`, not by `{COMMAND}`", results.command);
        let before = meant(&results).with_context(|| format!("{shown}: its settings"))?;
        let meant = Meant::new(arguments, Some(&before))?;
        let mut different = Vec::new();
        if results.seed != meant.seed {
            different.push(format!("seed: {} there, {} here", results.seed, meant.seed));
        }
        // What is run may grow; how it is run may not change.
        let fixed = |settings: BTreeMap<String, String>| {
            settings.into_iter().filter(|(name, _)| name != "scenarios" && name != "repeat").collect()
        };
        let (there, here) = (fixed(results.settings.clone()), fixed(settings(&meant)));
        different.extend(differences("setting", &there, &here));
        different.extend(differences("version", &results.versions, versions));
        let machine = machine::machine();
        if results.machine != machine {
            different.push(format!("machine: {:?} there, {machine:?} here", results.machine));
        }
        ensure!(
            different.is_empty(),
            "{shown} cannot be gone on with, since its figures would not be of one kind:\n    {}",
            different.join("\n    ")
        );
        results.settings = settings(&meant);
        Ok((Self { file: file.to_owned(), results }, meant))
    }

    /// Whether it has this run, with figures or with a reason that still holds.
    pub fn has(&self, scenario: &str, repeat: u32) -> bool {
        self.results.runs.iter().any(|run| run.scenario == scenario && run.repeat == repeat)
    }

    /// Forgets runs that were skipped, so that they are run where they can be now.
    pub fn forget_skipped(&mut self) {
        self.results.runs.retain(|run| run.skipped.is_none());
    }

    /// Adds a run and writes all.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn add(&mut self, run: Run) -> anyhow::Result<()> {
        self.results.runs.push(run);
        self.results.write(&self.file)
    }
}

/// Results of a command that begins now, on this machine.
pub fn begun(
    command: &str,
    versions: BTreeMap<String, String>,
    settings: BTreeMap<String, String>,
    seed: u64,
) -> Results {
    Results {
        format: FORMAT.to_owned(),
        command: command.to_owned(),
        made: moment(),
        machine: machine::machine(),
        versions,
        settings,
        seed,
        runs: Vec::new(),
    }
}

/// A run that begins now; its time and the machine's load are those until [`UnderWay::ended`].
#[derive(Debug)]
pub struct UnderWay {
    run: Run,
    at: Instant,
}

/// Begins a run, which has measured nothing yet.
pub fn under_way(scenario: &str, repeat: u32, seed: u64) -> UnderWay {
    let run = Run {
        scenario: scenario.to_owned(),
        repeat,
        seed,
        began: moment(),
        seconds: 0.0,
        load_average: [machine::load(); 2],
        skipped: None,
        notes: Vec::new(),
        cells: Vec::new(),
        lines: Vec::new(),
    };
    UnderWay { run, at: Instant::now() }
}

impl UnderWay {
    /// It ends now.
    pub fn ended(self) -> Run {
        let Self { mut run, at } = self;
        run.seconds = at.elapsed().as_secs_f64();
        run.load_average[1] = machine::load();
        run
    }
}

/// Keeps results in a file where one is named, and prints them: as JSON, or as the text of a command.
///
/// # Errors
///
/// Where they cannot be written.
pub fn tell(
    results: &Results,
    file: Option<&Path>,
    json: bool,
    stopped: bool,
    text: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    if let Some(file) = file {
        results.write(file)?;
    }
    let text = if json {
        serde_json::to_string_pretty(results)?
    } else {
        let stopped = if stopped { "Stopped by a signal: the result is partial.\n" } else { "" };
        format!("{stopped}{}", text())
    };
    Ok(std::io::stdout().write_all(format!("{text}\n").as_bytes())?)
}

/// Whether a file can be written beside what will be there, as results are.
fn writable(file: &Path) -> anyhow::Result<()> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    tempfile::tempfile_in(folder).with_context(|| format!("cannot write into {}", folder.display()))?;
    ensure!(!file.is_dir(), "{} is a folder: expected a file", file.display());
    Ok(())
}

/// Now, as results show it.
pub fn moment() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

fn settings(meant: &Meant) -> BTreeMap<String, String> {
    let times = &meant.times;
    let names: Vec<&str> = meant.scenarios.iter().map(|scenario| scenario.name).collect();
    // Only where it is so: nobody is to wonder what it means.
    let tiny = meant.tiny.then(|| ("tiny".to_owned(), "true".to_owned()));
    let usual = [
        ("quick", meant.quick.to_string()),
        ("scenarios", names.join(",")),
        ("repeat", meant.repeat.to_string()),
        ("scrape_interval_seconds", times.scrape.to_string()),
        ("push_interval_seconds", times.push.to_string()),
        ("lookback_seconds", times.lookback.to_string()),
        ("group_lifetime_seconds", times.lifetime.to_string()),
        ("events_per_second", times.rate.to_string()),
        ("root", rustix::process::geteuid().is_root().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    usual.into_iter().chain(tiny).collect()
}

/// The other way round.
fn meant(results: &Results) -> anyhow::Result<Meant> {
    let setting = |name: &str| {
        results.settings.get(name).map(String::as_str).with_context(|| format!("`{name}` is missing"))
    };
    let (short, least) = (setting("quick")? == "true", setting("tiny").is_ok());
    let (times, all) = all(short, least);
    let names: Vec<String> = setting("scenarios")?.split(',').map(str::to_owned).collect();
    let repeat = setting("repeat")?;
    let repeat = repeat.parse().with_context(|| format!("`repeat` is `{repeat}`, expected a number"))?;
    Ok(Meant { quick: short, tiny: least, times, scenarios: named(all, &names)?, repeat, seed: results.seed })
}

fn differences(what: &str, there: &BTreeMap<String, String>, here: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<&String> = there.keys().chain(here.keys()).collect();
    names.sort();
    names.dedup();
    let shown = |value: Option<&String>| value.cloned().unwrap_or_else(|| "none".to_owned());
    names
        .into_iter()
        .filter(|name| there.get(*name) != here.get(*name))
        .map(|name| {
            format!("{what} {name}: {} there, {} here", shown(there.get(name)), shown(here.get(name)))
        })
        .collect()
}
