//! With and without in turn, and what the rounds say together.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::server::Server;
use super::slice::{Load, Slice};
use crate::compare::measure::estimate;
use crate::compare::results::Figure;

/// The article's simulated work, in seconds: uniform from 0.1 to 0.5.
pub const WORK: f64 = 0.3;
/// Long enough for connections, caches and Python's first requests.
const WARM: Duration = Duration::from_millis(500);

/// An interval by drawing rounds is never wider than from the least to the largest: of fewer rounds than
/// these the true median is outside more often than one time in twenty. Of few more it is a little too narrow
/// still: figures that are to be kept take more rounds.
pub const FEWEST: usize = 6;

/// One round: with, and without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// With what is measured.
    pub on: Slice,
    /// Without.
    pub off: Slice,
}

/// Loads one server after the other, so often; the order alternates, and a first round warms up.
///
/// A signal ends it with the rounds that are whole.
///
/// # Errors
///
/// Where a server has ended or answers nothing.
pub async fn alternate(
    [on, off]: [&Server; 2],
    load: Load,
    time: Duration,
    rounds: u32,
    stop: &CancellationToken,
) -> anyhow::Result<Vec<Round>> {
    let mut kept = Vec::new();
    for round in 0..=rounds {
        let (first, second) = if round % 2 == 0 { (on, off) } else { (off, on) };
        let time = if round == 0 { time.min(WARM) } else { time };
        let Some(first) = Slice::of(first, load, time, stop).await? else { break };
        let Some(second) = Slice::of(second, load, time, stop).await? else { break };
        let (on, off) = if round % 2 == 0 { (first, second) } else { (second, first) };
        if round > 0 {
            kept.push(Round { on, off });
        }
    }
    Ok(kept)
}

/// Figures by name.
pub type Figures = BTreeMap<String, Figure>;

/// The median over rounds, where there is a round; with its interval, where there are enough.
pub fn median(values: &[f64]) -> Option<Figure> {
    let figure = estimate::median(values)?;
    let interval = figure.interval.filter(|_| values.len() >= FEWEST);
    Some(Figure { interval, ..figure })
}

/// Adds the median of what each round says.
pub fn add(figures: &mut Figures, name: &str, rounds: &[Round], value: impl Fn(&Round) -> f64) {
    if let Some(figure) = median(&rounds.iter().map(value).collect::<Vec<_>>()) {
        figures.insert(name.to_owned(), figure);
    }
}

/// CPU time: the ratio, of one request, and how much of the article's work what is added would be.
pub fn cpu(figures: &mut Figures, rounds: &[Round]) {
    let added = |round: &Round| round.on.cpu_per_request() - round.off.cpu_per_request();
    add(figures, "cpu_ratio", rounds, |round| round.on.cpu_per_request() / round.off.cpu_per_request());
    add(figures, "cpu_per_request_seconds", rounds, |round| round.on.cpu_per_request());
    add(figures, "cpu_per_request_without_seconds", rounds, |round| round.off.cpu_per_request());
    add(figures, "cpu_added_per_request_seconds", rounds, added);
    add(figures, "cpu_added_of_article_work_ratio", rounds, |round| added(round) / WORK);
}

/// Latency: what is added, and the ratio of means, which is what the article's claim is of.
pub fn latency(figures: &mut Figures, rounds: &[Round]) {
    for (place, name) in ["mean", "p50", "p99"].into_iter().enumerate() {
        let added = |round: &Round| round.on.latency[place] - round.off.latency[place];
        add(figures, &format!("latency_{name}_added_seconds"), rounds, added);
        add(figures, &format!("latency_{name}_seconds"), rounds, |round| round.on.latency[place]);
    }
    add(figures, "latency_mean_ratio", rounds, |round| round.on.latency[0] / round.off.latency[0]);
}

/// What a reader has to know of rounds, in words; `what` says of which.
pub fn note(what: &str, rounds: &[Round], asked: u32) -> Vec<String> {
    let mut notes = Vec::new();
    let short = rounds.iter().filter(|round| !(round.on.reached && round.off.reached)).count();
    if short > 0 {
        let all = rounds.len();
        notes.push(format!(
            "{what}: in {short} of {all} rounds the rate was not reached, or not all was answered"
        ));
    }
    if rounds.len() < asked as usize {
        notes.push(format!("{what}: interrupted after {} of {asked} rounds", rounds.len()));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(on: f64, off: f64) -> Round {
        let slice = |cpu: f64| Slice { cpu, requests: 1000.0, latency: [cpu; 3], ..Slice::default() };
        Round { on: slice(on), off: slice(off) }
    }

    #[test]
    fn a_ratio_is_made_within_a_round_so_that_a_slow_machine_is_no_difference() {
        // The machine is four times slower in every other round; with costs a tenth more, always.
        let rounds: Vec<Round> =
            [1.0, 4.0].into_iter().cycle().take(9).map(|at| round(1.1 * at, at)).collect();
        let mut figures = Figures::new();
        cpu(&mut figures, &rounds);
        latency(&mut figures, &rounds);
        let ratio = &figures["cpu_ratio"];
        assert!((ratio.value.unwrap() - 1.1).abs() < 1e-9 && ratio.n == 9, "{ratio:?}");
        let [low, high] = ratio.interval.unwrap();
        assert!(high - low < 1e-9, "{low} {high}");
        let added = figures["cpu_added_per_request_seconds"].value.unwrap();
        assert!((added - 1e-4).abs() < 1e-9, "{added}");
        let share = figures["cpu_added_of_article_work_ratio"].value.unwrap();
        assert!((share - 1e-4 / 0.3).abs() < 1e-9, "{share}");
        assert!((figures["latency_mean_ratio"].value.unwrap() - 1.1).abs() < 1e-9);
    }

    #[test]
    fn five_rounds_have_no_interval_and_six_have() {
        // Both sides of a true median: each is there with one half, so that all are on one side 2 / 2^n.
        assert_eq!(median(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap().interval, None);
        assert_eq!(median(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap().value, Some(3.0));
        assert!(median(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap().interval.is_some());
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn without_rounds_there_is_no_figure_and_a_note_says_why() {
        let mut figures = Figures::new();
        cpu(&mut figures, &[]);
        assert!(figures.is_empty());
        assert_eq!(note("no-work", &[], 3), ["no-work: interrupted after 0 of 3 rounds"]);
        let missed = note("work", &[round(1.0, 1.0)], 1);
        assert_eq!(missed, ["work: in 1 of 1 rounds the rate was not reached, or not all was answered"]);
    }
}
