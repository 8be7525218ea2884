//! How far it is: a line on a terminal that changes, elsewhere one when a run begins or ends.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::plan::shown;

/// Shared by all lanes.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: Option<ProgressBar>,
    under_way: Arc<Mutex<BTreeMap<String, Instant>>>,
}

impl Progress {
    /// For so many runs that will take so long.
    pub fn new(runs: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(runs as u64));
        if let Some(bar) = &bar {
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  {elapsed}  {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        Self { bar, under_way: Arc::default() }
    }

    /// A run begins; it is expected to take so long.
    pub fn begin(&self, run: &str, seconds: f64) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(run.to_owned(), Instant::now());
        if self.bar.is_none() {
            self.line(&format!("{run}: begins, about {}", shown(Duration::from_secs_f64(seconds))));
        }
        self.show();
    }

    /// A run has ended; how, in a few words.
    pub fn end(&self, run: &str, how: &str) {
        let began = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(run);
        let time = began.map_or(Duration::ZERO, |began| began.elapsed());
        self.line(&format!("{run}: {how} ({})", shown(time)));
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        self.show();
    }

    /// One line that stays.
    pub fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            // A reader that went away is no reason to stop.
            None => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn show(&self) {
        let Some(bar) = &self.bar else { return };
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        bar.set_message(under_way.keys().cloned().collect::<Vec<_>>().join(", "));
    }
}
