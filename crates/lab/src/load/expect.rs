//! `--expect 'p99<500ms,success>99.9%'`: what a run has to keep.

use std::cmp::Ordering;
use std::str::FromStr;
use std::time::Duration;

use super::summary::Summary;

/// What a clause is about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    /// The latency of this share of requests; 0 is the shortest and 1 the longest.
    Latency(f64),
    Mean,
    /// Good answers, as a share.
    Success,
    /// The achieved rate as a share of the asked one.
    Rate,
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    text: String,
    what: What,
    below: bool,
    equal: bool,
    bound: f64,
}

/// All of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect(Vec<Clause>);

impl FromStr for Expect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',').map(|clause| Clause::read(clause.trim())).collect::<Result<_, _>>().map(Self)
    }
}

impl Expect {
    /// A line for each condition that was not kept.
    pub fn misses(&self, summary: &Summary) -> Vec<String> {
        self.0.iter().filter_map(|clause| clause.miss(summary)).collect()
    }
}

impl Clause {
    fn read(text: &str) -> Result<Self, String> {
        let wrong = |expected: &str| Err(format!("`{text}`: expected {expected}"));
        let Some(at) = text.find(['<', '>']) else {
            return wrong("a condition such as p99<500ms or success>99.9%");
        };
        let (name, rest) = text.split_at(at);
        let below = rest.starts_with('<');
        let bound = &rest[1..];
        let (equal, bound) = bound.strip_prefix('=').map_or((false, bound), |bound| (true, bound));
        let what = match name.trim() {
            "min" => What::Latency(0.0),
            "max" => What::Latency(1.0),
            "p999" => What::Latency(0.999),
            "mean" => What::Mean,
            "success" => What::Success,
            "rate" => What::Rate,
            other => match other.strip_prefix('p').and_then(|digits| digits.parse::<f64>().ok()) {
                Some(percent) if (0.0..=100.0).contains(&percent) => What::Latency(percent / 100.0),
                _ => {
                    return wrong(
                        "min, mean, p50, p99.9 (any percentile), max, success or rate before < or >",
                    );
                }
            },
        };
        let bound = bound.trim();
        let bound = match what {
            What::Latency(_) | What::Mean => match humantime::parse_duration(bound) {
                Ok(time) => time.as_secs_f64(),
                Err(_) => return wrong("a time such as 500ms or 1s"),
            },
            What::Success | What::Rate => {
                match bound.strip_suffix('%').and_then(|percent| percent.trim().parse::<f64>().ok()) {
                    Some(percent) if (0.0..=100.0).contains(&percent) => percent / 100.0,
                    _ => return wrong("a share such as 99.9%"),
                }
            }
        };
        Ok(Self { text: text.to_owned(), what, below, equal, bound })
    }

    fn miss(&self, summary: &Summary) -> Option<String> {
        let value = match self.what {
            What::Latency(share) => summary.quantile(share).map(|time| time.as_secs_f64()),
            What::Mean => (!summary.tally.latency.is_empty() && summary.not_sent() == 0)
                .then(|| summary.tally.latency.mean() / 1e9),
            What::Success => summary.success(),
            What::Rate => summary.plan.open().then(|| summary.achieved_rate() / summary.plan.rate),
        };
        let Some(value) = value else {
            return Some(format!("{}: there is no such value in this run", self.text));
        };
        let kept = match value.total_cmp(&self.bound) {
            Ordering::Less => self.below,
            Ordering::Equal => self.equal,
            Ordering::Greater => !self.below,
        };
        let shown = match self.what {
            What::Success | What::Rate => format!("{:.3}%", value * 100.0),
            _ if value >= Duration::MAX.as_secs_f64() => "a request that was never sent".to_owned(),
            _ => format!("{:.3?}", Duration::from_secs_f64(value)),
        };
        (!kept).then(|| format!("{}: it was {shown}", self.text))
    }
}
