//! Whatever pages come one after the other: samples in order, and each series that is gone ends with one marker.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::*;

const SERIES: usize = 14;

/// One of the spellings of a series, and the series.
fn spelling(number: usize, other: bool) -> (String, String) {
    let series = format!("m{}{{a=\"{number}\",b=\"x\"}}", number % 3);
    let text = if other { format!("m{}{{b=\"x\", a=\"{number}\"}}", number % 3) } else { series.clone() };
    (text, series)
}

/// A page of some series in some order, and which they are.
fn page(random: &mut StdRng, before: &[usize]) -> (Vec<usize>, String, BTreeSet<String>) {
    let mut numbers: Vec<usize> = match random.random_range(0..4) {
        0 => before.to_vec(),
        1 => before.iter().copied().filter(|_| random.random_bool(0.8)).collect(),
        _ => (0..SERIES).filter(|_| random.random_bool(0.5)).collect(),
    };
    if random.random_bool(0.2) {
        numbers.shuffle(random);
    }
    let respelt = random.random_bool(0.2);
    let (mut text, mut shown) = (String::new(), BTreeSet::new());
    for number in &numbers {
        let (spelt, series) = spelling(*number, respelt && random.random_bool(0.5));
        text += &format!("{spelt} {}\n", random.random_range(0..9));
        shown.insert(series);
    }
    (numbers, text, shown)
}

#[test]
fn every_series_that_is_gone_ends_with_exactly_one_marker() {
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut state = State::new(Rules::default(), time(1_000));
        let (mut last, mut numbers) = (BTreeMap::<String, (i64, bool)>::new(), Vec::new());
        for step in 2..30 {
            let at = step * 1_000;
            let (lines, shown) = match random.random_range(0..10) {
                0 => (told(&mut state, Failed(at)), BTreeSet::new()),
                1 => (told(&mut state, Gone(at)), BTreeSet::new()),
                _ => {
                    let (now, text, shown) = page(&mut random, &numbers);
                    numbers = now;
                    (told(&mut state, At(at, &text)), shown)
                }
            };
            for line in lines.iter().filter(|line| !line.starts_with("up")) {
                let (series, rest) = line.split_once("} ").unwrap();
                let (value, stamp) = rest.split_once(" @").unwrap();
                let (stamp, is_marker) = (stamp.parse::<i64>().unwrap(), value == "stale");
                let before = last.insert(format!("{series}}}"), (stamp, is_marker));
                assert!(before.is_none_or(|(before, _)| before < stamp), "seed {seed}, step {step}: {line}");
                let ended = before.is_none_or(|(_, marker)| marker);
                assert!(!(is_marker && ended), "seed {seed}, step {step}: a second marker: {line}");
            }
            for (series, (stamp, is_marker)) in &last {
                let wanted = shown.contains(series);
                assert_eq!(wanted, !is_marker, "seed {seed}, step {step}: {series} @{stamp}");
                assert!(!wanted || *stamp == at, "seed {seed}, step {step}: {series} not told");
            }
            let told: BTreeSet<&String> = last.keys().collect();
            assert!(shown.iter().all(|series| told.contains(series)), "seed {seed}, step {step}");
        }
    }
}
