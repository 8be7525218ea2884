//! Targets that show what they are told to, and settings of an agent between them and receivers.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::doubles::{Double, answer};
use super::super::strict::{Point, Strict, told as told_of};

pub(crate) const TEXT: &str = "text/plain; version=0.0.4";
pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0";

/// A target.
pub(crate) struct Target {
    double: Double,
    /// Status and page.
    shown: Arc<Mutex<(&'static str, String)>>,
}

impl Target {
    pub(crate) fn new(content_type: &'static str, page: &str) -> Self {
        let shown = Arc::new(Mutex::new(("200 OK", page.to_owned())));
        let kept = Arc::clone(&shown);
        let double = Double::new(move |_, stream| {
            let (status, page) = kept.lock().unwrap().clone();
            answer(stream, status, &format!("content-type: {content_type}\r\n"), page.as_bytes());
        });
        Self { double, shown }
    }

    /// From now on this is its page.
    pub(crate) fn shows(&self, page: &str) {
        *self.shown.lock().unwrap() = ("200 OK", page.to_owned());
    }

    /// From now on it answers with this and its page.
    pub(crate) fn answers(&self, status: &'static str) {
        self.shown.lock().unwrap().0 = status;
    }

    /// How often it was scraped.
    pub(crate) fn scrapes(&self) -> usize {
        self.double.seen().len()
    }

    /// Its table of settings.
    pub(crate) fn table(&self, instance: &str, more: &str) -> String {
        let url = &self.double.url;
        format!(
            "[[scrape]]\nurl = \"{url}/metrics\"\ninstance = \"{instance}\"\ntimeout = \"200ms\"\n{more}\n"
        )
    }
}

/// The settings of a receiver: short waits, and what is asked for beside them.
pub(crate) fn receiver(strict: &Strict, more: &str) -> String {
    let mut lines = vec![format!("[[remote_write]]\nurl = \"{}\"", strict.url)];
    for line in [
        "protocol = \"2.0\"",
        "batch_deadline = \"20ms\"",
        "min_backoff = \"30ms\"",
        "max_backoff = \"200ms\"",
    ] {
        let name = line.split(" = ").next().unwrap_or_default();
        if !more.lines().any(|other| other.starts_with(&format!("{name} = "))) {
            lines.push(line.to_owned());
        }
    }
    lines.push(more.to_owned());
    // What the agent says of itself grows with each receiver, and there are many here.
    let own = "source_labels = [\"job\"]\nregex = \"pushpull-agent\"\naction = \"drop\"";
    lines.push(format!("[[remote_write.write_relabel_configs]]\n{own}"));
    lines.join("\n") + "\n"
}

/// All settings.
pub(crate) fn settings(interval: &str, tables: &[String]) -> String {
    let tables = tables.concat();
    format!(
        "interval = \"{interval}\"\npush = []\n[identity]\njob = \"j\"\ninstance = \"i\"\n\
         [host]\nenabled = false\n[shutdown]\ngrace = \"5s\"\n{tables}"
    )
}

/// Times and values of what a receiver took of a series, the markers apart.
pub(crate) fn samples(strict: &Strict, series: &str) -> Vec<(i64, u64)> {
    let points = strict.taken(series);
    points.iter().filter(|point| !point.is_marker()).map(|point| (point.at, point.bits)).collect()
}

pub(crate) fn markers(strict: &Strict, series: &str) -> Vec<Point> {
    strict.taken(series).into_iter().filter(Point::is_marker).collect()
}

/// Waits until each took so many samples of a series and has nothing to come again; names those that did not,
/// with what they saw last.
pub(crate) fn arrived(rows: &[(String, Strict)], series: &str, least: usize) {
    let late =
        |(_, strict): &&(String, Strict)| samples(strict, series).len() < least || !strict.owed().is_empty();
    let end = Instant::now() + Duration::from_secs(30);
    while rows.iter().any(|row| late(&row)) {
        if Instant::now() > end {
            let late: Vec<String> = rows.iter().filter(late).map(|(of, strict)| told(of, strict)).collect();
            panic!("{least} samples of {series} never came at {}", late.join("\n"));
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// How it stands with a receiver, for people.
fn told(of: &str, strict: &Strict) -> String {
    let seen = strict.seen();
    let last: Vec<String> =
        seen.iter().rev().take(4).map(|seen| format!("{:?} {}", seen.kind, seen.status)).collect();
    let (violations, owed) = (told_of(&strict.violations()), strict.owed());
    format!("{of}: {} requests, the last {last:?}; {violations}; owed {owed:?}", seen.len())
}

/// Both took the same of these series, in the same order.
pub(crate) fn same(of: &str, one: &Strict, control: &Strict, series: &[&str]) {
    for series in series {
        let (left, right) = (samples(one, series), samples(control, series));
        assert!(!right.is_empty(), "{of}: nothing of {series} came at all");
        assert_eq!(left, right, "{of}: {series}: what came, and what had come without the fault");
    }
}
