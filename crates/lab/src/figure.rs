//! Figures from what was measured in rounds, and how they are shown.

use std::collections::BTreeMap;

use crate::compare::measure::estimate::quantile_of;
use crate::compare::results::{Cell, Figure};

/// The median of one value for each round, with a 95 % interval: rounds drawn again and again with a fixed
/// seed. Of fewer than six there is no interval; without rounds there is no figure.
pub fn median(values: &[f64]) -> Option<Figure> {
    quantile_of(values, 0.5).filter(|figure| figure.value.is_some_and(f64::is_finite))
}

/// A value that was measured once, of so many.
pub fn once(value: f64, n: u64) -> Option<Figure> {
    value.is_finite().then(|| Figure { value: Some(value), n, ..Figure::default() })
}

/// A cell of what was measured; what was not is left out.
pub fn cell(
    path: &str,
    cohort: &str,
    figures: impl IntoIterator<Item = (&'static str, Option<Figure>)>,
) -> Cell {
    let figures: BTreeMap<_, _> = figures
        .into_iter()
        .filter_map(|(name, figure)| figure.map(|figure| (name.to_owned(), figure)))
        .collect();
    Cell { path: path.to_owned(), cohort: cohort.to_owned(), figures }
}

/// A value in the unit that its name tells, for a reader.
pub fn shown(name: &str, value: f64) -> String {
    if name.ends_with("seconds_per_minute") {
        format!("{:.1} ms/min", value * 1e3)
    } else if name == "cpu_per_request_seconds" || name == "cpu_per_request_bare_seconds" {
        format!("{:.1} us", value * 1e6)
    } else if name.ends_with("_seconds") {
        format!("{:.2} ms", value * 1e3)
    } else if name.ends_with("_bytes") {
        format!("{:.1} MiB", value / f64::from(1 << 20))
    } else if name.ends_with("_rate") {
        format!("{value:.1}/s")
    } else {
        format!("{value:.4}")
    }
}

/// The value with its interval and its number of rounds.
pub fn with_interval(name: &str, figure: &Figure) -> String {
    let value = figure.value.map_or_else(|| "-".to_owned(), |value| shown(name, value));
    match figure.interval {
        Some([low, high]) => {
            format!("{value}  ({} to {}, n {})", shown(name, low), shown(name, high), figure.n)
        }
        None => format!("{value}  (n {})", figure.n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_has_an_interval_from_six_rounds_on_and_is_the_same_each_time() {
        let values = [1.01, 1.03, 1.02, 1.05, 1.04, 1.06, 1.0];
        let figure = median(&values).unwrap();
        assert_eq!((figure.value, figure.n), (Some(1.03), 7));
        let [low, high] = figure.interval.unwrap();
        assert!(low < 1.03 && high > 1.03, "{low} {high}");
        assert_eq!(median(&values), Some(figure));
        assert_eq!(median(&values[..5]).unwrap().interval, None);
        assert_eq!((median(&[]), median(&[f64::NAN])), (None, None));
    }

    #[test]
    fn a_name_tells_the_unit() {
        assert_eq!(shown("agent_cpu_seconds_per_minute", 0.25), "250.0 ms/min");
        assert_eq!(shown("cpu_per_request_seconds", 1.5e-5), "15.0 us");
        assert_eq!(shown("latency_p99_seconds", 0.4985), "498.50 ms");
        assert_eq!(shown("memory_bytes", 1_048_576.0), "1.0 MiB");
        assert_eq!(shown("cpu_ratio", 1.02), "1.0200");
    }
}
