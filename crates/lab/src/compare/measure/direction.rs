//! Which way a measure is better.

/// What is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More.
    More,
    /// Less.
    Less,
    /// Nearer to 1: too much is as wrong as too little.
    One,
}

impl Direction {
    /// Of a measure by its name; none where no way is better, or the name is of no comparison.
    pub fn of(measure: &str) -> Option<Self> {
        match measure {
            "capture_ratio" | "seen_ratio" | "backfill_ratio" => Some(Self::More),
            "increase_ratio" | "rate_min_ratio" | "rate_max_ratio" => Some(Self::One),
            "never_visible_ratio" | "gap_ratio" | "gap_max_seconds" | "requests_per_minute" => {
                Some(Self::Less)
            }
            _ => ["freshness_", "first_sample_", "ghost_", "detection_", "bytes_per_", "cpu_", "memory_"]
                .iter()
                .any(|family| measure.starts_with(family))
                .then_some(Self::Less),
        }
    }

    /// Whether a change from one value to another is for the better; none where it is neither.
    pub fn better(self, from: f64, to: f64) -> Option<bool> {
        let worth = |value: f64| match self {
            Self::More => value,
            Self::Less => -value,
            Self::One => -(value - 1.0).abs(),
        };
        let (from, to) = (worth(from), worth(to));
        (from - to != 0.0).then_some(to > from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_is_more_less_or_nearer_to_one() {
        let better = |measure, from, to| Direction::of(measure).and_then(|way| way.better(from, to));
        assert_eq!(better("capture_ratio", 0.5, 0.6), Some(true));
        assert_eq!(better("freshness_p95_seconds", 2.0, 3.0), Some(false));
        assert_eq!(better("cpu_agent_seconds_per_minute", 2.0, 1.0), Some(true));
        assert_eq!(better("increase_ratio", 0.5, 1.25), Some(true));
        assert_eq!(better("increase_ratio", 1.25, 27.0), Some(false));
        assert_eq!(better("rate_max_ratio", 0.5, 1.5), None);
        assert_eq!(better("anything_else", 1.0, 2.0), None);
    }
}
