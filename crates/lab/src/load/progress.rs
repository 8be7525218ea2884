//! The bar on a terminal while it runs; elsewhere nothing.

use std::convert::Infallible;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::plan::Plan;
use super::summary::quantile;
use super::tally::Tally;

const EVERY: Duration = Duration::from_millis(250);

/// Shows how far it is, for ever; `read` adds up what was counted so far.
pub(super) async fn show(plan: &Plan, read: impl Fn() -> Tally) -> Infallible {
    if !std::io::stderr().is_terminal() {
        return std::future::pending().await;
    }
    let requests = plan.total();
    let length = requests.or_else(|| plan.duration.and_then(|time| u64::try_from(time.as_millis()).ok()));
    let bar = Cleared(ProgressBar::new(length.unwrap_or(0)));
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {percent:>3} %  {elapsed}  {msg}") {
        bar.0.set_style(style);
    }
    let (began, mut ticks) = (Instant::now(), tokio::time::interval(EVERY));
    let mut before = (0, began);
    loop {
        ticks.tick().await;
        let tally = read();
        let (over, now) = (tally.over(), Instant::now());
        let rate = (over - before.0) as f64 / (now - before.1).as_secs_f64().max(0.001);
        before = (over, now);
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        bar.0.set_position(if requests.is_some() { over } else { milliseconds });
        let [p50, p99] = [0.5, 0.99].map(|share| quantile(&tally.latency, share));
        bar.0.set_message(format!("{rate:.0}/s  p50 {p50:.1?}  p99 {p99:.1?}  {} errors", tally.errors()));
    }
}

/// The bar goes when it is no longer shown.
struct Cleared(ProgressBar);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
