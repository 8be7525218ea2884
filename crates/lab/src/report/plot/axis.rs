//! From values to places.

/// An axis: values from `low` to `high` lie from place `from` to place `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    log: bool,
}

impl Axis {
    /// From 0 (or the least value below it) to a round number above all.
    pub fn linear(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) =
            values.fold((0.0, 0.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)));
        Self { low, high: if high > low { high } else { low + 1.0 }, from, to, log: false }
    }

    /// Between two values as they are.
    pub fn between(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { low, high: if high > low { high } else { low + 1.0 }, from, to, log: false }
    }

    /// Logarithmic, with a little room at both ends; values of 0 and less lie at its beginning.
    pub fn log(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) = values
            .filter(|value| *value > 0.0)
            .fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)));
        let (low, high) = if low.is_finite() { (low / 1.25, high * 1.25) } else { (0.1, 1.0) };
        Self { low, high, from, to, log: true }
    }

    /// Where a value lies; what is beyond an end lies at it.
    pub fn at(&self, value: f64) -> f64 {
        let share = if self.log {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Round values on it, five or so.
    pub fn ticks(&self) -> Vec<f64> {
        if self.log {
            let decades = (self.high / self.low).log10();
            let steps: &[f64] = if decades > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
            let powers = (-9..10).map(|power| 10_f64.powi(power));
            let all = powers.flat_map(|power| steps.iter().map(move |step| power * step));
            return all.filter(|tick| (self.low..=self.high).contains(tick)).collect();
        }
        let rough = (self.high - self.low) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|step| step * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(10.0 * power);
        let first = (self.low / step).ceil();
        (0..12)
            .map(|place| (first + f64::from(place)) * step)
            .take_while(|tick| *tick <= self.high * 1.000_001)
            .collect()
    }
}

/// A tick as text, without more digits than it has.
pub fn label(value: f64) -> String {
    let text = super::super::shown::thousands(&format!("{}", (value * 1e6).round() / 1e6));
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_between_the_ends_and_ticks_are_round() {
        let axis = Axis::linear([3.0, 97.0].into_iter(), 0.0, 100.0);
        assert_eq!(axis.ticks(), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert!((axis.at(48.5) - 50.0).abs() < 1e-9);
        let log = Axis::log([1.0, 100.0].into_iter(), 0.0, 100.0);
        assert!((log.at(10.0) - 50.0).abs() < 1e-9 && log.at(0.0).abs() < 1e-9 && log.at(1e9) > 99.9);
        assert_eq!(log.ticks(), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        assert!(Axis::linear(std::iter::empty(), 0.0, 1.0).at(0.0).abs() < 1e-9);
    }
}
