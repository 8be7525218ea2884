//! Each series over all requests: order, retries, and its end.

use std::collections::{BTreeMap, HashMap};

use super::mode::Kind;
use super::rule::{Found, Rule};
use super::series::{Message, Point};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Taken,
    /// Refused for good.
    Dropped,
    /// Refused for now, or in this protocol: it is to come again.
    Owed,
    /// Taken, but the sender cannot know it: it is to come again.
    Unheard,
}

#[derive(Debug, Default)]
struct Past {
    taken: Vec<Point>,
    /// The last that was taken and told so.
    last: Option<Point>,
    /// By time: what is to come again.
    owed: BTreeMap<i64, u64>,
    in_flight: usize,
    /// Whether anything but a marker ever came.
    known: bool,
}

#[derive(Debug, Default)]
pub(crate) struct History {
    series: HashMap<String, Past>,
    /// What was refused for good, with its protocol.
    refused: Vec<(Kind, String)>,
}

impl History {
    /// A request is here and not answered yet.
    pub(crate) fn arrive(&mut self, kind: Kind, message: &Message, found: &mut Found) {
        let refused = self.refused.iter().any(|(of, text)| *of == kind && *text == text_of(message));
        found.unless(!refused, Rule::RefusedResent, || format!("{} series", message.series.len()));
        for (key, points) in by_key(message) {
            let past = self.series.entry(key.clone()).or_default();
            found.unless(past.in_flight == 0, Rule::InFlight, || key.clone());
            past.in_flight += 1;
            past.judge(&key, &points, found);
            past.known |= points.iter().any(|point| !point.is_marker());
        }
    }

    /// It was answered so.
    pub(crate) fn settle(&mut self, kind: Kind, message: &Message, outcome: Outcome) {
        if outcome == Outcome::Dropped && !message.series.is_empty() {
            self.refused.push((kind, text_of(message)));
        }
        for (key, points) in by_key(message) {
            let past = self.series.entry(key).or_default();
            past.in_flight = past.in_flight.saturating_sub(1);
            for point in points {
                past.settle(point, outcome);
            }
        }
    }

    pub(crate) fn taken(&self, series: &str) -> Vec<Point> {
        self.series.get(series).map(|past| past.taken.clone()).unwrap_or_default()
    }

    pub(crate) fn names(&self, start: &str) -> Vec<String> {
        let taken = self.series.iter().filter(|(_, past)| !past.taken.is_empty());
        let mut names: Vec<String> =
            taken.map(|(key, _)| key.clone()).filter(|key| key.starts_with(start)).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn owed(&self) -> Vec<String> {
        let owed = self.series.iter().filter(|(_, past)| !past.owed.is_empty());
        owed.map(|(key, past)| format!("{key} at {:?}", past.owed.keys())).collect()
    }
}

impl Past {
    fn judge(&self, key: &str, points: &[Point], found: &mut Found) {
        let (mut last, mut known) = (self.last, self.known);
        for point in points {
            let again = last.filter(|last| last.at == point.at && last.bits == point.bits);
            found.unless(again.is_none(), Rule::Resent, || format!("{key} at {}", point.at));
            let rises = again.is_some() || last.is_none_or(|last| last.at < point.at);
            found.unless(rises, Rule::OutOfOrder, || format!("{key}: {point:?} after {last:?}"));
            let same = self.owed.get(&point.at).is_none_or(|bits| *bits == point.bits);
            found.unless(same, Rule::ChangedOnRetry, || format!("{key} at {}", point.at));
            let waits = self.owed.keys().find(|at| **at < point.at);
            let overtaken = waits.filter(|at| !points.iter().any(|point| point.at == **at));
            found.unless(overtaken.is_none(), Rule::Overtaken, || {
                format!("{key}: {} before {overtaken:?}", point.at)
            });
            if point.is_marker() {
                found.unless(known, Rule::MarkerOfNothing, || format!("{key} at {}", point.at));
                let ended = last.is_some_and(|last| last.is_marker()) && again.is_none();
                found.unless(!ended, Rule::MarkerTwice, || format!("{key} at {}", point.at));
            }
            known |= !point.is_marker();
            last = Some(*point);
        }
    }

    fn settle(&mut self, point: Point, outcome: Outcome) {
        let there = self.taken.iter().any(|taken| taken.at == point.at);
        if matches!(outcome, Outcome::Taken | Outcome::Unheard) && !there {
            self.taken.push(point);
        }
        match outcome {
            Outcome::Taken => {
                self.last = Some(point);
                self.owed.remove(&point.at);
            }
            Outcome::Dropped => drop(self.owed.remove(&point.at)),
            Outcome::Owed | Outcome::Unheard => drop(self.owed.insert(point.at, point.bits)),
        }
    }
}

/// 2.0 lets the same series stand more than once in a request; its points count together.
fn by_key(message: &Message) -> BTreeMap<String, Vec<Point>> {
    let mut keys: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for series in &message.series {
        keys.entry(series.key()).or_default().extend(series.all());
    }
    keys
}

fn text_of(message: &Message) -> String {
    format!("{:?}", by_key(message))
}
