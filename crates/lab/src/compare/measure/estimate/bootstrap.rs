//! How far a statistic could have been off, by drawing the same instances again and again.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

const RESAMPLES: usize = 1000;
/// The same for all figures: the same input gives the same interval.
const SEED: u64 = 1;
/// Of fewer than this, resamples know too little: the interval from the least to the most of three covers a
/// median three times in four.
pub(crate) const FEWEST: usize = 6;

/// A statistic of so many instances, drawn with replacement; it is given how often each was drawn.
pub(super) fn resampled(n: usize, mut statistic: impl FnMut(&[u32]) -> Option<f64>) -> Vec<f64> {
    if n < FEWEST {
        return Vec::new();
    }
    let mut random = SmallRng::seed_from_u64(SEED);
    let mut weights = vec![0; n];
    let mut values = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        weights.fill(0);
        for _ in 0..n {
            weights[random.random_range(0..n)] += 1;
        }
        values.extend(statistic(&weights));
    }
    values.sort_by(f64::total_cmp);
    values
}

pub(super) fn interval(sorted: &[f64]) -> Option<[f64; 2]> {
    let last = sorted.len().checked_sub(1)?;
    // 2.5 % on each side, in whole numbers.
    Some([sorted[last * 25 / 1000], sorted[last - last * 25 / 1000]])
}

pub(super) fn spread(values: &[f64]) -> Option<f64> {
    let n = values.len();
    (n > 1).then(|| {
        let mean = values.iter().sum::<f64>() / n as f64;
        (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1) as f64).sqrt()
    })
}
