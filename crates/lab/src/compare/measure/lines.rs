//! What is drawn: counters as they were polled, rates as they look afterwards, and the truth.

use std::collections::BTreeMap;

use super::super::observed::Observed;
use super::super::results::Line;

/// More than a plot of usual width shows.
const POINTS: usize = 240;

/// For each path the `counter` (the sum of all instances that a poll returned) and the `rate` (the sum of
/// `rate()`, where it was asked for), then the `truth`: all events so far, also those of instances that are
/// dead. Seconds since the scenario began; at most 240 points a line.
pub fn lines(observed: &Observed) -> Vec<Line> {
    let line = |what: &str, path: &str, points: Vec<(f64, f64)>| Line {
        what: what.to_owned(),
        path: path.to_owned(),
        points: thinned(points),
    };
    let mut lines = Vec::new();
    for &path in &observed.paths {
        let polls = observed.polls.iter().filter(|poll| poll.path == path);
        let counter = polls.map(|poll| {
            let values = poll.seen.iter().filter_map(|seen| seen.value).filter(|value| value.is_finite());
            (poll.ended - observed.began, values.sum())
        });
        lines.push(line("counter", path.name(), counter.collect()));
        // Times as whole milliseconds: those of one query range are the same for all instances.
        let mut rates = BTreeMap::<i64, f64>::new();
        for rates_of_one in observed.rates.iter().filter(|rates| rates.path == path) {
            for (at, rate) in rates_of_one.points.iter().filter(|(_, rate)| rate.is_finite()) {
                #[allow(clippy::cast_possible_truncation, reason = "milliseconds of one run")]
                let milliseconds = ((at - observed.began) * 1000.0).round() as i64;
                *rates.entry(milliseconds).or_default() += rate;
            }
        }
        if !rates.is_empty() {
            let points = rates.into_iter().map(|(at, rate)| (at as f64 / 1000.0, rate));
            lines.push(line("rate", path.name(), points.collect()));
        }
    }
    lines.push(line("truth", "", truth(observed)));
    lines.retain(|line| !line.points.is_empty());
    lines
}

fn truth(observed: &Observed) -> Vec<(f64, f64)> {
    let span = observed.ended - observed.began;
    if span <= 0.0 {
        return Vec::new();
    }
    let mut times: Vec<f64> = observed.pods.iter().flat_map(|pod| pod.truth.iter().copied()).collect();
    times.sort_by(f64::total_cmp);
    (0..POINTS)
        .map(|step| {
            let at = span * step as f64 / (POINTS - 1) as f64;
            (at, times.partition_point(|time| *time <= observed.began + at) as f64)
        })
        .collect()
}

/// Evenly chosen, the first and the last always among them.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let last = points.len().saturating_sub(1);
    if last < POINTS {
        return points;
    }
    (0..POINTS).map(|step| points[last * step / (POINTS - 1)]).collect()
}
