//! Means, ratios and quantiles over instances, with their errors.
//!
//! What is resampled is instances, never events: events of one instance depend on each other.

mod bootstrap;

use super::super::results::Figure;

pub(crate) use self::bootstrap::FEWEST;
use self::bootstrap::{interval, resampled, spread};

/// The mean of one value for each instance.
pub(super) fn mean(values: &[f64]) -> Option<Figure> {
    ratio(&values.iter().map(|value| (*value, 1.0)).collect::<Vec<_>>())
}

/// The sum of the first over the sum of the second, one pair for each instance.
///
/// The error is that of a ratio's linear approximation: with equal second parts, that of the mean.
pub(super) fn ratio(pairs: &[(f64, f64)]) -> Option<Figure> {
    let value = divided(pairs.iter())?;
    let n = pairs.len();
    let error = (n > 1).then(|| {
        let squares: f64 = pairs.iter().map(|(top, bottom)| (top - value * bottom).powi(2)).sum();
        let bottom = pairs.iter().map(|(_, bottom)| bottom).sum::<f64>() / n as f64;
        (squares / (n * (n - 1)) as f64).sqrt() / bottom
    });
    let resampled = resampled(n, |weights| {
        divided(
            weights
                .iter()
                .zip(pairs)
                .filter(|(weight, _)| **weight > 0)
                .flat_map(|(weight, pair)| std::iter::repeat_n(pair, *weight as usize)),
        )
    });
    let interval = interval(&resampled);
    Some(Figure { value: Some(value), n: n as u64, error, interval, ..Figure::default() })
}

fn divided<'a>(pairs: impl Iterator<Item = &'a (f64, f64)>) -> Option<f64> {
    let (top, bottom) = pairs.fold((0.0, 0.0), |(top, bottom), pair| (top + pair.0, bottom + pair.1));
    (bottom > 0.0).then(|| top / bottom)
}

/// The quantile of all values, grouped by instance: the smallest value that at least this share does not exceed.
///
/// `n` counts values. The error is the spread of the resampled quantiles.
pub(super) fn quantile(groups: &[Vec<f64>], share: f64) -> Option<Figure> {
    let mut sorted: Vec<(f64, usize)> = groups
        .iter()
        .enumerate()
        .flat_map(|(group, values)| values.iter().map(move |value| (*value, group)))
        .collect();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let value = weighted(&sorted, &vec![1; groups.len()], sorted.len() as u64, share)?;
    // An instance without a value is none of those that the quantile is of.
    let with: Vec<usize> = (0..groups.len()).filter(|group| !groups[*group].is_empty()).collect();
    let mut all = vec![0; groups.len()];
    let resampled = resampled(with.len(), |weights| {
        for (group, weight) in with.iter().zip(weights) {
            all[*group] = *weight;
        }
        let total = with.iter().map(|group| u64::from(all[*group]) * groups[*group].len() as u64).sum();
        weighted(&sorted, &all, total, share)
    });
    let error = spread(&resampled);
    Some(Figure {
        value: Some(value),
        n: sorted.len() as u64,
        error,
        interval: interval(&resampled),
        ..Figure::default()
    })
}

/// The same of one value for each instance.
pub(crate) fn quantile_of(values: &[f64], share: f64) -> Option<Figure> {
    quantile(&values.iter().map(|value| vec![*value]).collect::<Vec<_>>(), share)
}

/// The largest value; it has no error that could be told from these values.
pub(super) fn largest(values: &[f64]) -> Option<Figure> {
    let value = values.iter().copied().max_by(f64::total_cmp)?;
    Some(Figure { value: Some(value), n: values.len() as u64, ..Figure::default() })
}

fn weighted(sorted: &[(f64, usize)], weights: &[u32], total: u64, share: f64) -> Option<f64> {
    let wanted = (share * total as f64).ceil().max(1.0);
    let mut sum = 0_u64;
    sorted.iter().find_map(|(value, group)| {
        sum += u64::from(weights[*group]);
        (sum as f64 >= wanted).then_some(*value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-9, "{one} is not {other}");
    }

    #[test]
    fn a_mean_has_the_standard_error_of_the_text_books() {
        let six = [1.0, 2.0, 3.0, 6.0, 2.0, 4.0];
        let figure = mean(&six).unwrap();
        near(figure.value.unwrap(), 3.0);
        // Variance 16/5, over 6.
        near(figure.error.unwrap(), (16.0_f64 / 30.0).sqrt());
        let [low, high] = figure.interval.unwrap();
        assert!((1.0..3.0).contains(&low) && high > 3.0 && high <= 6.0, "{low} {high}");
        assert_eq!(figure, mean(&six).unwrap());
    }

    #[test]
    fn a_ratio_weighs_instances_by_their_second_part() {
        let figure = ratio(&[(1.0, 10.0), (9.0, 10.0), (0.0, 20.0)]).unwrap();
        near(figure.value.unwrap(), 0.25);
        // Residuals -1.5, 6.5, -5: squares 69.5, over 6, mean of the second parts 40/3.
        near(figure.error.unwrap(), (69.5_f64 / 6.0).sqrt() / (40.0 / 3.0));
        assert_eq!(ratio(&[(1.0, 0.0)]), None);
        assert_eq!(ratio(&[]), None);
    }

    #[test]
    fn few_instances_have_no_interval() {
        assert_eq!(mean(&[1.0]).unwrap().error, None);
        let two = mean(&[1.0, 3.0]).unwrap();
        assert_eq!((two.error, two.interval), (Some(1.0), None));
        assert_eq!(mean(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap().interval, None);
        assert_eq!(quantile_of(&[1.0, 3.0], 0.5).unwrap().interval, None);
    }

    #[test]
    fn a_quantile_is_the_smallest_value_that_enough_do_not_exceed() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(quantile_of(&values, 0.5).unwrap().value, Some(10.0));
        assert_eq!(quantile_of(&values, 0.95).unwrap().value, Some(19.0));
        assert_eq!(quantile_of(&values, 0.951).unwrap().value, Some(20.0));
        assert_eq!(quantile_of(&[7.0], 0.95).unwrap().value, Some(7.0));
        assert_eq!(quantile_of(&[], 0.5), None);
    }

    #[test]
    fn a_quantile_resamples_instances_and_not_their_events() {
        // A thousand equal events each: over events the interval would be of no width.
        let groups: Vec<Vec<f64>> = (1..=6).map(|value| vec![f64::from(value); 1000]).collect();
        let figure = quantile(&groups, 0.5).unwrap();
        assert_eq!((figure.value, figure.n), (Some(3.0), 6000));
        let [low, high] = figure.interval.unwrap();
        assert!(low < 3.0 && high > 3.0, "{low} {high}");
        assert!(figure.error.unwrap() > 0.3);
    }
}
