//! A summary with quantiles over a sliding window, which the `prometheus` crate lacks.
//!
//! Five sketches of two minutes each stand in a ring; a scrape merges those that are young
//! enough. Sum and count are of all time, as a summary's must be. Each thread has a share of its
//! own, so that threads do not wait for each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Metric, MetricFamily, MetricType, Quantile, Summary as Proto};
use quanta::Instant;
use sketches_ddsketch::{Config, DDSketch};

/// How long one sketch takes observations.
const AGE: Duration = Duration::from_mins(2);
/// How many sketches there are: quantiles are over the last 8 to 10 minutes.
const RING: usize = 5;
/// How many threads can add at once without waiting for each other.
const SHARES: usize = 4;
/// Relative error of a quantile's value.
const ERROR: f64 = 0.01;
/// A summary metric: one series of it, told apart by its labels where there are several.
pub struct Summary {
    desc: Desc,
    quantiles: Vec<f64>,
    start: Instant,
    shares: [Mutex<Share>; SHARES],
}

struct Share {
    sum: f64,
    count: u64,
    /// The sketch of each slot of time, by slot modulo the ring's length.
    ring: [(u64, DDSketch); RING],
}

thread_local! {
    /// Which share this thread adds to.
    static SHARE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARES;
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Summary {
    /// A summary without observations.
    pub fn new(
        name: &str,
        help: &str,
        quantiles: &[f64],
        labels: &[(&str, &str)],
    ) -> Result<Self, prometheus::Error> {
        let sketch = || DDSketch::new(Config::new(ERROR, 2048, 1e-9));
        let share =
            || Share { sum: 0.0, count: 0, ring: std::array::from_fn(|slot| (slot as u64, sketch())) };
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let desc = Desc::new(name.to_owned(), help.to_owned(), Vec::new(), labels)?;
        let (start, shares) = (Instant::now(), std::array::from_fn(|_| Mutex::new(share())));
        Ok(Self { desc, quantiles: quantiles.to_vec(), start, shares })
    }

    /// Adds one observation, made now: whoever timed it has looked at the clock already.
    pub fn observe(&self, value: f64, now: Instant) {
        let slot = self.slot(now);
        let place = usize::try_from(slot).unwrap_or(0) % RING;
        let share = &self.shares[SHARE.with(|share| *share)];
        let mut share = share.lock().unwrap_or_else(PoisonError::into_inner);
        share.sum += value;
        share.count += 1;
        let (held, sketch) = &mut share.ring[place];
        if *held != slot {
            *held = slot;
            *sketch = DDSketch::new(Config::new(ERROR, 2048, 1e-9));
        }
        sketch.add(value);
    }

    fn slot(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs() / AGE.as_secs()
    }

    fn metric(&self, now: Instant) -> Metric {
        let slot = self.slot(now);
        let mut merged = DDSketch::new(Config::new(ERROR, 2048, 1e-9));
        let (mut sum, mut count) = (0.0, 0);
        for share in &self.shares {
            let share = share.lock().unwrap_or_else(PoisonError::into_inner);
            sum += share.sum;
            count += share.count;
            for (held, sketch) in &share.ring {
                if *held <= slot && slot - held < RING as u64 {
                    // Sketches of one configuration always merge.
                    let _ = merged.merge(sketch);
                }
            }
        }
        let mut summary = Proto::default();
        summary.set_sample_sum(sum);
        summary.set_sample_count(count);
        let quantiles = self.quantiles.iter().map(|wanted| {
            let mut quantile = Quantile::default();
            quantile.set_quantile(*wanted);
            quantile.set_value(merged.quantile(*wanted).ok().flatten().unwrap_or(f64::NAN));
            quantile
        });
        summary.set_quantile(quantiles.collect());
        let mut metric = Metric::default();
        metric.set_label(self.desc.const_label_pairs.clone());
        metric.set_summary(summary);
        metric
    }
}

impl std::fmt::Debug for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Summary").field("name", &self.desc.fq_name).finish_non_exhaustive()
    }
}

/// Shared with whoever observes.
#[derive(Debug, Clone)]
pub struct SummaryCollector(pub std::sync::Arc<Summary>);

impl Collector for SummaryCollector {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut family = MetricFamily::default();
        family.set_name(self.0.desc.fq_name.clone());
        family.set_help(self.0.desc.help.clone());
        family.set_field_type(MetricType::SUMMARY);
        family.set_metric(vec![self.0.metric(Instant::now())]);
        vec![family]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(summary: &Summary, now: Instant, at: usize) -> f64 {
        summary.metric(now).get_summary().get_quantile()[at].value()
    }

    #[test]
    fn quantiles_are_within_their_error_and_forget_what_is_old() {
        let summary = Summary::new("s", "s", &[0.5, 0.9, 0.99], &[]).unwrap();
        let start = Instant::now();
        assert!(quantile(&summary, start, 0).is_nan());
        for value in 1..=1000 {
            summary.observe(f64::from(value), start);
        }
        for (at, want) in [500.0, 900.0, 990.0].into_iter().enumerate() {
            let found = quantile(&summary, start, at);
            assert!((found / want - 1.0).abs() < 0.02, "{found} for {want}");
        }
        let later = start + AGE * 4;
        summary.observe(5.0, later);
        assert!(quantile(&summary, later, 0) > 400.0, "forgotten too soon");
        let later = start + AGE * 6;
        assert!((quantile(&summary, later, 2) - 5.0).abs() < 0.1, "not forgotten");
        let metric = summary.metric(later);
        assert_eq!(metric.get_summary().sample_count(), 1001);
        assert!((metric.get_summary().sample_sum() - 500_505.0).abs() < 1e-6);
    }
}
