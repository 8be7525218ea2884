//! One figure over its repeats, and how large a change noise alone makes. The rule is told in `diff.rs`.

use serde::Serialize;

use super::super::results::Figure;

/// Between two polls.
const POLL_SECONDS: f64 = 0.25;
const SMALLEST_SHARE: f64 = 0.01;
const SHARE_OF_THE_UNKNOWN: f64 = 0.1;
/// Of the normal distribution, both sides, 99.9 %.
const NORMAL: f64 = 3.291;
/// Student's t at the same, by degrees of freedom from 1; above ten it is taken as at ten.
const STUDENT: [f64; 10] = [636.6, 31.60, 12.92, 8.610, 6.869, 5.959, 5.408, 5.041, 4.781, 4.587];

/// One figure over the repeats of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// The median of its values.
    pub median: f64,
    /// Of how many repeats.
    pub repeats: usize,
    /// The standard error of the median by the figures' own errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
    /// Whether some of what it is of had not ended with the run: it is at least this.
    pub censored: bool,
    /// Whether nothing of it had.
    #[serde(skip)]
    pub unended: bool,
    /// The sum of squared deviations from the mean over repeats.
    #[serde(skip)]
    pub squares: f64,
}

impl Side {
    /// Of all repeats that have a value; none where none has.
    pub fn of(figures: &[&Figure]) -> Option<Self> {
        let with: Vec<(f64, &Figure)> =
            figures.iter().filter_map(|figure| Some((figure.value?, *figure))).collect();
        let mut values: Vec<f64> = with.iter().map(|(value, _)| *value).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len();
        let high = *values.get(n / 2)?;
        let median = if n % 2 == 1 { high } else { f64::midpoint(values[n / 2 - 1], high) };
        let mean = values.iter().sum::<f64>() / n as f64;
        let errors: Vec<f64> = with.iter().filter_map(|(_, figure)| own(figure)).collect();
        let error = (!errors.is_empty()).then(|| {
            let squares = errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64;
            (squares * of_median(n)).sqrt()
        });
        Some(Self {
            median,
            repeats: n,
            error,
            censored: with.iter().any(|(_, figure)| figure.censored > 0),
            unended: with.iter().all(|(_, figure)| figure.n > 0 && figure.censored >= figure.n),
            squares: values.iter().map(|value| (value - mean).powi(2)).sum(),
        })
    }
}

/// A figure's own standard error, or what its 95 % interval says of it.
fn own(figure: &Figure) -> Option<f64> {
    let by_interval = figure.interval.map(|[low, high]| (high - low).abs() / (2.0 * 1.96));
    figure.error.or(by_interval)
}

/// The variance of the median of so many values, over that of one: the mean's, up to two.
fn of_median(n: usize) -> f64 {
    let factor = if n > 2 { std::f64::consts::FRAC_PI_2 } else { 1.0 };
    factor / n as f64
}

/// How large a change may be without being one; none where nothing can be said.
pub fn of(measure: &str, a: &Side, b: &Side) -> Option<f64> {
    if a.unended && b.unended {
        return None;
    }
    let freedom = a.repeats + b.repeats - 2;
    let student = freedom.min(STUDENT.len()).checked_sub(1).map(|place| STUDENT[place]);
    let spread = student.map(|student| {
        let variance = (a.squares + b.squares) / freedom as f64;
        student * (variance * (of_median(a.repeats) + of_median(b.repeats))).sqrt()
    });
    let own = match (a.error, b.error) {
        (None, None) => None,
        (one, other) => Some(NORMAL * one.unwrap_or(0.0).hypot(other.unwrap_or(0.0))),
    };
    let known = spread.is_some() || own.is_some();
    let share = if known { SMALLEST_SHARE } else { SHARE_OF_THE_UNKNOWN };
    let polled = ["freshness_", "ghost_", "detection_"].iter().any(|family| measure.starts_with(family));
    let floor = share * a.median.abs().max(b.median.abs());
    Some(
        floor.max(if polled { POLL_SECONDS } else { 0.0 }).max(spread.unwrap_or(0.0)).max(own.unwrap_or(0.0)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(values: &[f64], error: Option<f64>) -> Side {
        let figures: Vec<Figure> = values
            .iter()
            .map(|value| Figure { value: Some(*value), n: 9, error, ..Figure::default() })
            .collect();
        Side::of(&figures.iter().collect::<Vec<_>>()).unwrap()
    }

    fn noise(a: &Side, b: &Side) -> f64 {
        of("capture_ratio", a, b).unwrap()
    }

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-9, "{one} is not {other}");
    }

    #[test]
    fn the_spread_over_repeats_counts_with_students_t() {
        let (a, b) = (side(&[10.0, 11.0, 12.0], None), side(&[20.0, 22.0, 24.0], None));
        assert_eq!((a.median, a.squares, b.squares), (11.0, 2.0, 8.0));
        // Variance 10/4; each median of three has pi/6 of it.
        near(noise(&a, &b), 8.610 * (2.5 * std::f64::consts::PI / 3.0).sqrt());
        // One repeat against two: one degree of freedom, almost nothing is known.
        near(noise(&side(&[1.0], None), &side(&[1.0, 2.0], None)), 636.6 * (0.5_f64 * 1.5).sqrt());
    }

    #[test]
    fn own_errors_count_where_they_are_larger() {
        let (a, b) = (side(&[1.0], Some(0.3)), side(&[2.0], Some(0.4)));
        near(noise(&a, &b), 3.291 * 0.5);
        let interval = Figure { value: Some(1.0), interval: Some([0.0, 3.92]), ..Figure::default() };
        near(Side::of(&[&interval]).unwrap().error.unwrap(), 1.0);
        let three = side(&[1.0, 1.0, 1.0], Some(0.3));
        near(three.error.unwrap(), 0.3 * (std::f64::consts::PI / 6.0).sqrt());
    }

    #[test]
    fn what_has_no_noise_has_a_floor() {
        near(noise(&side(&[1.0, 1.0], None), &side(&[2.0, 2.0], None)), 0.02);
        near(noise(&side(&[1.0], None), &side(&[2.0], None)), 0.2);
        near(of("ghost_max_seconds", &side(&[1.0], None), &side(&[2.0], None)).unwrap(), 0.25);
        near(noise(&side(&[0.0], None), &side(&[0.0], None)), 0.0);
    }

    #[test]
    fn repeats_without_a_value_are_none() {
        let (with, without) =
            (Figure { value: Some(3.0), n: 1, ..Figure::default() }, Figure { n: 1, ..Figure::default() });
        let side = Side::of(&[&with, &without]).unwrap();
        assert_eq!((side.median, side.repeats), (3.0, 1));
        assert_eq!(Side::of(&[&without]), None);
        assert_eq!(Side::of(&[]), None);
    }

    #[test]
    fn of_what_never_ended_nothing_is_said() {
        let figure = |censored| Figure { value: Some(9.0), n: 6, censored, ..Figure::default() };
        let (all, some) = (Side::of(&[&figure(6)]).unwrap(), Side::of(&[&figure(2)]).unwrap());
        assert!(all.censored && all.unended && some.censored && !some.unended);
        assert_eq!(of("ghost_max_seconds", &all, &all), None);
        assert!(of("ghost_max_seconds", &all, &some).is_some());
    }
}
